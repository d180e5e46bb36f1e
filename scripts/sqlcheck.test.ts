// Owns: a planted violation of each rule, beside what the rule lets pass.
import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import { loadModule } from 'libpg-query'
import { lint, RULES } from './sqlcheck/rules.ts'
import { sqlIn } from './sqlcheck/source.ts'

beforeAll(() => loadModule())

const STATEMENT = 'services/order/sql/planted.sql'
const MIGRATION = 'services/order/migrations/001_planted.up.sql'

/** `line rule message` of what is found in one file; `others` are there too. */
function found(text: string, path: string, others: Readonly<Record<string, string>> = {}): readonly string[] {
  const files = [
    { path, text },
    ...Object.entries(others).map(([other, its]) => ({ path: other, text: its })),
  ]
  const violations = lint(sqlIn(files)).filter((one) => one.path === path)
  return violations.map(({ line, rule, message }) => `${line} ${rule} ${message}`)
}

function rulesOf(lines: readonly string[]): readonly string[] {
  return [...new Set(lines.map((line) => line.split(' ')[1] ?? ''))]
}

interface Planted {
  readonly rule: string
  readonly refused: readonly string[]
  readonly passes?: readonly string[]
  readonly path?: string
  readonly others?: Readonly<Record<string, string>>
}

const VERSIONED = { [MIGRATION]: 'CREATE TABLE saga (id text PRIMARY KEY, version int8 NOT NULL)' }
const TAKEN = 'SELECT j.id, j.due FROM job AS j WHERE j.due < now() LIMIT 5 FOR UPDATE SKIP LOCKED'
const GUARDED = `WITH t AS (${TAKEN}) UPDATE job AS o SET due = now() FROM t WHERE o.id = t.id AND o.due = t.due`

const PLANTED: readonly Planted[] = [
  {
    rule: '0-syntax',
    refused: ['SELEC 1', 'SELECT 1; SELECT 2', '', 'DELETE FROM job WHERE id = 1 LIMIT 1'],
    passes: ['-- said; why\nSELECT 1;'],
  },
  {
    rule: '0-form',
    refused: [
      'SELECT DISTINCT j.id FROM job AS j',
      'SELECT j.id FROM job AS j INTERSECT SELECT k.id FROM job AS k',
      'SELECT j.id FROM job AS j RIGHT JOIN task AS k ON k.id = j.id',
      "SELECT j.id FROM job AS j WHERE j.name ILIKE 'a'",
      'SELECT j.flags & 4 AS flags FROM job AS j',
      'SELECT j.id FROM job AS j FOR NO KEY UPDATE',
      'ALTER TABLE job SET (autovacuum_enabled = false)',
      'MERGE INTO job AS j USING task AS k ON k.id = j.id WHEN MATCHED THEN DELETE',
    ],
    passes: [
      'SELECT j.id FROM job AS j UNION ALL SELECT k.id FROM job AS k LEFT JOIN task AS l ON l.id = k.id',
    ],
  },
  {
    rule: '0-keyword',
    refused: ['SELECT j.family FROM job AS j', 'DELETE FROM nothing WHERE id = 1'],
    passes: ['SELECT j.families FROM job AS j'],
  },
  {
    rule: '0-capability',
    refused: [
      '-- Only where canFly: it must.\nSELECT 1',
      '-- Only where canListen\nNOTIFY news',
      '-- Only where canListen: no reason.\nSELECT 1',
    ],
  },
  {
    rule: '1-listen',
    refused: ['LISTEN news', 'UNLISTEN news', "NOTIFY news, 'a'", 'SELECT pg_notify($1::text, $2::text)'],
    passes: ['-- Only where canListen: polling does without.\nSELECT pg_notify($1::text, $2::text)'],
  },
  {
    rule: '2-advisory-lock',
    refused: ['SELECT pg_try_advisory_xact_lock(1)', 'LOCK TABLE job'],
    passes: ['-- Only where canLockAdvisory: the lease row does without.\nSELECT pg_advisory_lock($1::int8)'],
  },
  {
    rule: '3-skip-locked',
    refused: [
      TAKEN,
      `-- Guard: nowhere.sql\n${TAKEN}`,
      `WITH t AS (${TAKEN}) UPDATE job AS o SET due = now() FROM t WHERE o.id = t.id`,
    ],
    passes: [
      GUARDED,
      `-- Guard: take.sql\n${TAKEN}`,
      `WITH t AS (${TAKEN}) DELETE FROM job AS o USING t WHERE o.id = t.id`,
      TAKEN.replace(' SKIP LOCKED', ''),
    ],
    others: { 'services/order/sql/take.sql': GUARDED },
  },
  {
    rule: '4-version',
    refused: ["UPDATE saga AS s SET id = 'a', version = s.version + 1::int8 WHERE s.id = $1::text"],
    passes: [
      "UPDATE saga AS s SET id = 'a' WHERE s.id = $1::text AND s.version = $2::int8",
      "UPDATE job AS s SET id = 'a' WHERE s.id = $1::text",
    ],
    others: VERSIONED,
  },
  {
    rule: '4-where',
    refused: ["UPDATE job SET id = 'a'", 'DELETE FROM job'],
    passes: ['DELETE FROM job WHERE id = 1'],
  },
  {
    rule: '5-one-write',
    refused: [
      "WITH a AS (DELETE FROM job WHERE id = 1 RETURNING id) UPDATE job SET id = 'a' WHERE id = 2",
      'WITH a AS (INSERT INTO job (id) VALUES (1) RETURNING id), b AS (DELETE FROM job WHERE id = 2) SELECT 1',
    ],
    passes: ["WITH a AS (DELETE FROM job WHERE id = 1 RETURNING id) UPDATE task SET id = 'a' WHERE id = 2"],
  },
  {
    rule: '5-top-level',
    refused: [
      'SELECT i.id FROM (WITH a AS (DELETE FROM job WHERE id = 1 RETURNING id) SELECT a.id FROM a) AS i',
      'WITH b AS (WITH a AS (DELETE FROM job WHERE id = 1 RETURNING id) SELECT a.id FROM a) SELECT b.id FROM b',
    ],
    passes: ['WITH a AS (DELETE FROM job WHERE id = 1 RETURNING id) SELECT a.id FROM a'],
  },
  {
    rule: '6-array',
    refused: ['SELECT unnest($1::jsonb[])', 'SELECT unnest($1::text[][])'],
    passes: ['SELECT t.id, t.data::jsonb FROM unnest($1::text[], $2::text[]) AS t (id, data)'],
  },
  {
    rule: '7-generated-id',
    refused: [
      'CREATE TABLE job (id bigserial PRIMARY KEY)',
      'CREATE TABLE job (id int8 GENERATED ALWAYS AS IDENTITY)',
      'CREATE SEQUENCE job_id',
      "CREATE TABLE job (id int8 DEFAULT nextval('job_id'))",
    ],
    passes: ['CREATE TABLE job (id uuid DEFAULT gen_random_uuid())'],
    path: MIGRATION,
  },
  {
    rule: '7-override',
    refused: ['INSERT INTO job (id) OVERRIDING SYSTEM VALUE VALUES (1)'],
    passes: ['INSERT INTO job (id) VALUES (1)'],
  },
  {
    rule: '8-system-column',
    refused: ['SELECT j.xmin FROM job AS j', 'DELETE FROM job WHERE ctid = $1::text'],
    passes: ['SELECT j.xmin_seen FROM job AS j'],
  },
  {
    rule: '9-conflict',
    refused: [
      'INSERT INTO job (id) VALUES (1) ON CONFLICT ON CONSTRAINT job_pk DO UPDATE SET id = 2',
      'INSERT INTO job (id) VALUES (1) ON CONFLICT (lower(id)) DO NOTHING',
      'INSERT INTO job (id) VALUES (1) ON CONFLICT DO NOTHING',
    ],
    passes: [
      'INSERT INTO job AS j (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET id = excluded.id WHERE j.id < 5',
    ],
  },
  {
    rule: '10-star',
    refused: ['SELECT * FROM job', 'SELECT j.* FROM job AS j', 'DELETE FROM job WHERE id = 1 RETURNING *'],
    passes: ['SELECT count(*) FROM job'],
  },
  {
    rule: '10-ddl',
    refused: ['CREATE TABLE job (id int8)', 'DROP TABLE job', 'CREATE INDEX job_ix ON job (id)'],
  },
  {
    rule: '10-drop-column',
    refused: [
      'ALTER TABLE job DROP COLUMN a, ADD COLUMN b text',
      'ALTER TABLE job DROP COLUMN a, DROP COLUMN b',
    ],
    passes: ['ALTER TABLE job DROP COLUMN a'],
    path: MIGRATION,
  },
  {
    rule: '11-nulls',
    refused: [
      'SELECT j.id FROM job AS j ORDER BY j.id ASC',
      'SELECT sum(j.id) OVER (ORDER BY j.id) FROM job AS j',
      'SELECT j.id FROM job AS j ORDER BY j.id ASC NULLS LAST, j.due DESC',
    ],
    passes: ['SELECT j.id FROM job AS j ORDER BY j.id ASC NULLS FIRST, j.due DESC NULLS LAST'],
  },
  {
    rule: '11-index-nulls',
    refused: [
      'CREATE INDEX job_ix ON job (due ASC NULLS LAST)',
      'CREATE INDEX job_ix ON job (id, due DESC NULLS FIRST)',
    ],
    passes: [
      'CREATE INDEX job_ix ON job (id, due DESC NULLS LAST)',
      'CREATE INDEX job_ix ON job (id NULLS FIRST)',
    ],
    path: MIGRATION,
  },
  {
    rule: '11-division',
    refused: ['SELECT j.total / 2 AS half FROM job AS j', 'SELECT $1::float8 / count(*) FROM job'],
    passes: ['SELECT $1::float8 / (count(*) OVER ())::float8 FROM job'],
  },
  {
    rule: '12-type',
    refused: [
      'CREATE TABLE job (id int)',
      'CREATE TABLE job (id bigint)',
      'CREATE TABLE job (id boolean)',
      'CREATE TABLE job (id timestamp with time zone)',
      'CREATE TABLE job (id json)',
      'CREATE TABLE job (id xml)',
      'CREATE TABLE job (id int4range)',
      'CREATE TABLE job (id my_domain)',
    ],
    passes: [
      'CREATE TABLE job (id int4, a int8, b bool, c varchar(9), d numeric, e timestamptz, f jsonb, g text[])',
    ],
    path: MIGRATION,
  },
  {
    rule: '12-constraint',
    refused: [
      'CREATE TABLE job (id int8, EXCLUDE (id WITH =))',
      'CREATE TABLE job (id int8, CONSTRAINT one UNIQUE (id) DEFERRABLE)',
      'CREATE TABLE job (id int8 REFERENCES task (id) INITIALLY DEFERRED)',
      'CREATE TRIGGER job_t AFTER INSERT ON job FOR EACH ROW EXECUTE FUNCTION f()',
    ],
    passes: ['CREATE TABLE job (id int8 REFERENCES task (id), CONSTRAINT one UNIQUE (id), CHECK (id > 0))'],
    path: MIGRATION,
  },
  { rule: '13-copy', refused: ['COPY job FROM STDIN'] },
  { rule: '14-cursor', refused: ['DECLARE c CURSOR FOR SELECT 1', 'FETCH 5 FROM c', 'CLOSE c'] },
  {
    rule: '17-set',
    refused: ["SET lock_timeout = '1s'", "SET SESSION a.b = 'c'", "SELECT set_config('a.b', 'c', false)"],
    passes: ["SET LOCAL lock_timeout = '1s'", "SELECT set_config('a.b', 'c', true)"],
  },
  {
    rule: '18-storage',
    refused: [
      'CREATE UNLOGGED TABLE job (id int8)',
      'CREATE TABLE job (id int8) WITH (fillfactor = 70)',
      'CREATE TABLE job (id int8) PARTITION BY RANGE (id)',
      'CREATE TABLE job (id int8) INHERITS (task)',
      'CREATE TABLE job (id int8) TABLESPACE fast',
      'CREATE INDEX job_ix ON job (id) WITH (fillfactor = 70)',
    ],
    passes: [
      'CREATE TABLE job (id int8)',
      'ALTER TABLE job SET (fillfactor = 50)',
      'ALTER TABLE job RESET (fillfactor)',
    ],
    path: MIGRATION,
  },
  {
    rule: '19-concurrently',
    refused: ['CREATE INDEX CONCURRENTLY job_ix ON job (id)'],
    passes: ['CREATE UNIQUE INDEX job_ix ON job (id) WHERE id > 5'],
    path: MIGRATION,
  },
  {
    rule: '19-default',
    refused: ['ALTER TABLE job ADD COLUMN a uuid DEFAULT gen_random_uuid()'],
    passes: ["ALTER TABLE job ADD COLUMN a text NOT NULL DEFAULT 'none'"],
    path: MIGRATION,
  },
  {
    rule: '21-cast',
    refused: ['SELECT j.id FROM job AS j WHERE j.id = $1', 'SELECT ($1)::text || $2 AS both'],
    passes: ['SELECT j.id FROM job AS j WHERE j.id = ANY ($1::text[]) LIMIT $2::int8'],
  },
  {
    rule: '22-function',
    refused: ['SELECT to_char(now(), $1::text)', 'SELECT txid_current()', 'SELECT j.id FROM shop.f() AS j'],
    passes: ['SELECT floor(extract(epoch FROM now())) AS seconds'],
  },
  {
    rule: '23-drop-index',
    refused: ['DROP INDEX job_un'],
    passes: ['DROP INDEX job_un CASCADE', 'DROP INDEX job_ix'],
    path: MIGRATION.replace('001', '002'),
    others: { [MIGRATION]: 'CREATE UNIQUE INDEX job_un ON job (id)' },
  },
]

test.each(PLANTED.flatMap((one) => one.refused.map((text) => ({ ...one, text }))))(
  '$rule refuses $text',
  ({ rule, text, path = STATEMENT, others }) => {
    expect(rulesOf(found(text, path, others))).toContain(rule)
  },
)

test.each(PLANTED.flatMap(({ passes = [], ...one }) => passes.map((text) => ({ ...one, text }))))(
  '$rule lets pass $text',
  ({ text, path = STATEMENT, others }) => {
    expect(found(text, path, others)).toEqual([])
  },
)

test('every rule has a planted violation, and a line in the table that documents show', () => {
  const table = readFileSync(new URL('./sqlcheck/rules.ts', import.meta.url), 'utf8')
  const named = [...table.matchAll(/^\/\/ \| `([\w-]+)` \|/gm)].map(([, name = '']) => name)
  const own = ['0-syntax', '0-capability', ...RULES.map(({ name }) => name)]
  expect(PLANTED.map(({ rule }) => rule).sort()).toEqual(own.toSorted())
  expect(named.toSorted()).toEqual(own.toSorted())
})

test('a violation is told with its line, also behind a comment that is not ASCII', () => {
  expect(found('-- ünïcode\nSELECT\n  j.id,\n  j.*\nFROM job AS j', STATEMENT)).toEqual([
    '4 10-star name the columns: a changed table must not change what a prepared statement answers',
  ])
  expect(found('-- why\n\nDELETE FROM job', STATEMENT)).toEqual(['3 4-where every row is changed: say which'])
  expect(found('SELECT j.id FROM job AS j\nORDER BY\n  j.id ASC', STATEMENT)).toEqual([
    '3 11-nulls say NULLS FIRST or NULLS LAST',
  ])
})

describe('SQL in code', () => {
  const path = 'packages/postgres/src/planted.ts'

  test('is checked like a file, at its line; names stand for what is put in', () => {
    const text = 'const a = 1\nawait db.query(`delete from ${table}`)\nawait db.query("select 1 / 2")\n'
    expect(found(text, path)).toEqual([
      '2 4-where every row is changed: say which',
      '3 11-division integers divide to a decimal there: cast both sides to float8 or numeric',
    ])
  })

  test('is checked where a whole statement is put in', () => {
    expect(found('const a = `WITH done AS (${text}) SELECT to_char(1) FROM done`', path)).toHaveLength(1)
  })

  test('says what it needs in the comment above it', () => {
    const lines = ['// Only where canListen: polling does without.', 'await db.query(`listen ${name}`)']
    expect(found(lines.join('\n'), path)).toEqual([])
    expect(found(lines.toReversed().join('\n'), path)).toHaveLength(1)
  })

  test('is told from words that only begin like it, and is not looked for in tests', () => {
    expect(found("say('set an address', 'with the slip', 'update it', 'select', 'drop it')", path)).toEqual(
      [],
    )
    expect(found("q('delete from job')", 'packages/postgres/test/planted.io.test.ts')).toEqual([])
    expect(found("q('delete from job')", 'packages/postgres/src/testing.ts')).toEqual([])
  })
})
