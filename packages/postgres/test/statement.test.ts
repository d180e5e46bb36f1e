/** Reading statements and profiles: pure text. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, test } from 'vitest'
import { codeOfSqlState } from '../src/database/errors.ts'
import { clientConfig, SESSION_LIMITS, sessionOptions } from '../src/database/settings.ts'
import { statementOf, withoutComments } from '../src/database/statement.ts'
import { PROFILES, profileOf, sqlFile, sqlFolder } from '../src/index.ts'

describe('a statement', () => {
  test('loses its comments and keeps what only looks like one', () => {
    const select = `-- index: operation_pkey\n  select '--' as a, "b--" /* why */\n\n`
    const sql = `${select}  from t -- end\n where c = $$ -- $$;\n`
    expect(withoutComments(sql)).toBe(`select '--' as a, "b--"\n  from t\n where c = $$ -- $$`)
  })

  test('has another name as soon as its text is another, and the same after a changed comment', () => {
    const names = ['select 1', '-- one\nselect 1', 'select 2'].map(
      (sql) => statementOf('/a/b/claim.sql', sql).name,
    )
    expect(names).toEqual([names[0], names[0], statementOf('claim.sql', 'select 2').name])
    expect(names[0]).toMatch(/^claim_[0-9a-f]{8}$/)
    expect(names[2]).not.toBe(names[0])
  })

  test('of a very long file name keeps within 63 characters', () => {
    expect(statementOf(`${'x'.repeat(90)}.sql`, 'select 1').name).toHaveLength(63)
  })

  test('is read from its file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'statement-'))
    const path = join(folder, 'one.sql')
    writeFileSync(path, '-- the number one\nselect 1\n')
    const one = statementOf('one.sql', 'select 1')
    expect([sqlFile(pathToFileURL(path)), sqlFolder(pathToFileURL(`${folder}/`))('one')]).toEqual([one, one])
    rmSync(folder, { recursive: true })
  })
})

describe('a profile', () => {
  test.each([
    ['PostgreSQL 18.4 on x86_64-pc-linux-gnu, compiled by gcc', { ...PROFILES.postgres, version: 18 }],
    ['PostgreSQL 16.2', { ...PROFILES.postgres, version: 16, canSetTransactionTimeout: false }],
    ['CockroachDB CCL v26.2.1 (x86_64-pc-linux-gnu)', { ...PROFILES.cockroach, version: 26 }],
  ])('is read from %s', (text, profile) => {
    expect(profileOf(text)).toEqual(profile)
  })
})

describe('a session', () => {
  const settings = {
    schema: 'or"der',
    limits: SESSION_LIMITS,
    isolation: 'read committed' as const,
    isReadOnly: true,
    applicationName: 'order',
  }

  test('is told its bounds, escaped', () => {
    expect(sessionOptions(settings, PROFILES.postgres)).toBe(
      '-c statement_timeout=30000ms -c lock_timeout=10000ms -c idle_in_transaction_session_timeout=5000ms ' +
        '-c transaction_timeout=60000ms -c enable_seqscan=off -c search_path="or""der" ' +
        '-c default_transaction_isolation=read\\ committed -c default_transaction_read_only=on',
    )
  })

  test('of an old server is not told what that would refuse', () => {
    const old = profileOf('PostgreSQL 16.2')
    expect(
      sessionOptions({ ...settings, schema: undefined, isolation: undefined, isReadOnly: false }, old),
    ).not.toContain('transaction_timeout')
  })

  test('that writes keeps its plans, one that only reads makes them for what it is asked', () => {
    const mode = 'plan_cache_mode=force_generic_plan'
    expect(sessionOptions({ ...settings, isReadOnly: false }, PROFILES.postgres)).toContain(mode)
    expect(sessionOptions(settings, PROFILES.postgres)).not.toContain(mode)
    expect(sessionOptions({ ...settings, isReadOnly: false }, PROFILES.cockroach)).not.toContain(mode)
  })

  test('that writes looks rows up by key, however small their table was when its plans were made', () => {
    const writing = sessionOptions({ ...settings, isReadOnly: false }, PROFILES.postgres)
    for (const whole of ['enable_hashjoin=off', 'enable_mergejoin=off', 'enable_seqscan=off'])
      expect(writing).toContain(whole)
    expect(sessionOptions(settings, PROFILES.postgres)).not.toContain('enable_hashjoin')
  })

  test('keeps the options of its url, before ours', () => {
    const { connectionString } = clientConfig('postgres://a:b@h:1/d?options=-c%20a%3D1', '-c b=2', 'order')
    expect(new URL(connectionString ?? '').searchParams.get('options')).toBe('-c a=1 -c b=2')
  })
})

test.each([
  ['40001', 'SERIALIZATION'],
  ['40P01', 'DEADLOCK'],
  ['23505', 'UNIQUE'],
  ['40003', 'COMMIT_UNKNOWN'],
  ['08006', 'CONNECTION'],
  ['28P01', 'CONNECTION'],
  ['55P03', 'TIMEOUT'],
  ['42601', 'SQL'],
])('SQLSTATE %s is %s', (sqlState, code) => {
  expect(codeOfSqlState(sqlState)).toBe(code)
})
