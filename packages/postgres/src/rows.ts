// Owns: a service's own tables as the engine's ports: keyed rows (`Rows`) and appended ones (`Entries`), in
// bulk.
// Does not own the statements: the service writes them.
// I1: one statement for each call, whatever the number of rows; none for no rows.
// I2: what a statement loads is locked by it (`FOR UPDATE`, ordered by key); a row that is inserted by two
// raises UNIQUE.
// I3: an update whose statement does not find every row raises MOVED.
import type { Entries, Row, Rows } from '@ensemble/runtime'
import type { Statement } from './database/statement.ts'
import { statementOf } from './database/statement.ts'
import { sorted } from './store/columns.ts'

export interface TableRows<State> {
  readonly name: string
  /** Takes the keys ($1::text[]); answers rows locked and ordered by key. */
  readonly load: Statement
  /** Takes all rows as one JSON array ($1::jsonb, for jsonb_to_recordset). */
  readonly insert: Statement
  /** As `insert`; ends with RETURNING, so that its rows can be counted. */
  readonly update: Statement
  decode(row: Readonly<Record<string, unknown>>): State
  key(state: State): string
  encode(state: State): Readonly<Record<string, unknown>>
}

export interface TableEntries<Entry> {
  readonly name: string
  /** Takes all entries as one JSON array ($1::jsonb, for jsonb_to_recordset). */
  readonly insert: Statement
  encode(entry: Entry): Readonly<Record<string, unknown>>
}

export function tableRows<State>(table: TableRows<State>): Rows<State> {
  const update = counting(table.update)
  const encoded = (rows: readonly Row<State>[]): string =>
    JSON.stringify(sorted(rows, ({ key }) => key).map(({ state }) => table.encode(state)))
  return {
    name: table.name,
    load: async (tx, keys) => {
      if (keys.length === 0) return new Map()
      const { rows } = await tx.query(table.load, [keys])
      const states = rows.map((row) => table.decode(row))
      return new Map(states.map((state) => [table.key(state), state]))
    },
    insert: async (tx, rows) => {
      if (rows.length > 0) await tx.query(table.insert, [encoded(rows)])
    },
    update: async (tx, rows) => {
      if (rows.length > 0) await tx.query(update, [encoded(rows), rows.length])
    },
  }
}

export function tableEntries<Entry>(table: TableEntries<Entry>): Entries<Entry> {
  return {
    name: table.name,
    append: async (tx, entries) => {
      if (entries.length === 0) return
      await tx.query(table.insert, [JSON.stringify(entries.map((entry) => table.encode(entry)))])
    },
  }
}

/** The count is judged by the database, so that COMMIT may be on its way behind the statement. */
function counting({ name, text }: Statement): Statement {
  const counted = `WITH done AS (
${text}
)
SELECT ln((CASE WHEN count(*) = $2::int8 THEN 1 ELSE 0 END)::numeric) AS moved
FROM done`
  return statementOf(name, counted)
}
