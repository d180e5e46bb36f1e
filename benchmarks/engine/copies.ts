// Owns: sagas that are there before a run: copies of one real saga, made by the server, row by row of every table that
// knows it, so that they are what the engine would have left, whatever its columns are.
// I1: a saga's id stands nowhere but in its own rows: ids have a fixed length and none is a part of another.
import type { Queryable } from '@ensemble/postgres'

const TABLES =
  "SELECT n.nspname || '.' || c.relname AS name FROM pg_class AS c " +
  "JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND n.nspname = ANY ($1::text[]) ORDER BY 1"
/** Of one statement: a bound on what is locked and logged at once. */
const COPIES_MAX = 10_000

/** A saga's rows: the model of its copies. */
export interface Model {
  readonly id: string
  /** By table; as JSON arrays. */
  readonly rows: ReadonlyMap<string, string>
}

/** Reads every row of every table: before the copies are made. */
export async function modelOf(admin: Queryable, id: string, schemas: readonly string[]): Promise<Model> {
  const tables = await admin.query(TABLES, [[...schemas]])
  const found = new Map<string, string>()
  for (const { name } of tables.rows) {
    const table = String(name)
    const { rows } = await admin.query(rowsAbout(table), [id])
    const text = rows[0]?.['rows']
    if (typeof text === 'string') found.set(table, text)
  }
  return { id, rows: found }
}

interface Copying {
  readonly count: number
  /** Of the new ids. */
  readonly prefix: string
  readonly say: (line: string) => void
}

export async function copySaga(admin: Queryable, model: Model, copying: Copying): Promise<void> {
  const { count, prefix, say } = copying
  for (let from = 1; from <= count; from += COPIES_MAX) {
    const to = Math.min(count, from + COPIES_MAX - 1)
    for (const [table, rows] of model.rows)
      await admin.query(copyInto(table), [rows, model.id, prefix, from, to])
    say(`${to} of ${count} copies of a saga`)
  }
  // Otherwise the server would tidy up in the middle of the run.
  for (const table of model.rows.keys()) await admin.query(`VACUUM (ANALYZE) ${table}`, [])
  if (count > 0) await admin.query('CHECKPOINT', [])
}

/** What is due soon is left out: of a saga that is older it would have been done. */
function rowsAbout(table: string): string {
  return (
    'SELECT jsonb_agg(r.row)::text AS rows FROM ' +
    `(SELECT to_jsonb(t) AS row FROM ${table} AS t) AS r WHERE strpos(r.row::text, $1::text) > 0 ` +
    "AND COALESCE((r.row ->> 'due_at')::timestamptz > now() + interval '1 hour', true)"
  )
}

/** A key that does not name the saga is made anew. */
function copyInto(table: string): string {
  return (
    `INSERT INTO ${table} SELECT p.* FROM jsonb_array_elements($1::jsonb) AS r (row), ` +
    'generate_series($4::int8, $5::int8) AS g (n), LATERAL (SELECT ' +
    `replace(r.row::text, $2::text, $3::text || lpad(g.n::text, ${ID_DIGITS}, '0'))::jsonb AS row) AS c, ` +
    `LATERAL jsonb_populate_record(NULL::${table}, CASE WHEN strpos(r.row ->> 'id', $2::text) = 0 ` +
    "THEN jsonb_set(c.row, '{id}', to_jsonb(gen_random_uuid()::text)) ELSE c.row END) AS p"
  )
}

const ID_DIGITS = 9

/** The n-th id of a run. Pure. */
export function sagaId(prefix: string, n: number): string {
  return `${prefix}${String(n).padStart(ID_DIGITS, '0')}`
}
