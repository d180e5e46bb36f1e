// Owns: a service's own tables for the database suite, and emptying all tables between scenes.
import type { Thing, ThingEntry } from '@ensemble/testing'
import { statementOf } from '../src/database/statement.ts'
import type { Database } from '../src/database/types.ts'
import { tableEntries, tableRows } from '../src/rows.ts'

export async function makeThings(database: Database): Promise<void> {
  await database.query('CREATE TABLE thing (id text PRIMARY KEY, label text NOT NULL, amount int4 NOT NULL)')
  await database.query('CREATE TABLE thing_entry (thing_id text NOT NULL, amount int4 NOT NULL)')
}

/** Rows are deleted: that is faster than TRUNCATE for the few that a scene leaves. */
export async function empty(database: Database): Promise<void> {
  const { rows } = await database.query(
    `SELECT t.tablename AS name FROM pg_catalog.pg_tables AS t
    WHERE t.schemaname = 'shop' AND (t.tablename LIKE 'ensemble%' OR t.tablename LIKE 'thing%')`,
  )
  await database.query(rows.map(({ name }) => `DELETE FROM ${String(name)} WHERE true`).join('; '))
}

export const things = tableRows<Thing>({
  name: 'things',
  load: statementOf(
    'thing_load',
    `SELECT t.id, t.label, t.amount FROM thing AS t
    WHERE t.id = ANY ($1::text[]) ORDER BY t.id ASC NULLS LAST FOR UPDATE`,
  ),
  insert: statementOf(
    'thing_insert',
    `INSERT INTO thing (id, label, amount)
    SELECT r.id, r.label, r.amount FROM jsonb_to_recordset($1::jsonb) AS r (id text, label text, amount int4)`,
  ),
  update: statementOf(
    'thing_update',
    `UPDATE thing AS t SET label = r.label, amount = r.amount
    FROM jsonb_to_recordset($1::jsonb) AS r (id text, label text, amount int4)
    WHERE t.id = r.id RETURNING t.id`,
  ),
  decode: (row) => ({ id: String(row['id']), label: String(row['label']), amount: Number(row['amount']) }),
  key: ({ id }) => id,
  encode: (state) => ({ ...state }),
})

export const thingEntries = tableEntries<ThingEntry>({
  name: 'thing entries',
  insert: statementOf(
    'thing_entry_insert',
    `INSERT INTO thing_entry (thing_id, amount)
    SELECT r.thing_id, r.amount FROM jsonb_to_recordset($1::jsonb) AS r (thing_id text, amount int4)`,
  ),
  encode: ({ thingId, amount }) => ({ thing_id: thingId, amount }),
})
