// Owns: running the conformance suites over a real PostgreSQL: the engine's database, the bus inside it, the bus beside it.
import type { EngineDatabase } from '../src/engine.ts'
import { databaseConformance, linkConformance, transportConformance } from '@ensemble/testing'
import type { Thing, ThingEntry } from '@ensemble/testing'
import { partitionOf } from '../src/bus/entries.ts'
import { inSchema, Log } from '../src/bus/log.ts'
import { sharedBus } from '../src/bus/shared.ts'
import { postgresTransport } from '../src/bus/transport.ts'
import { statementOf } from '../src/database/statement.ts'
import { tableEntries, tableRows } from '../src/rows.ts'
import { engineKit } from './engine-kit.ts'

const TOPICS = ['order.events', 'order.commands'] as const
const PARTITION_COUNT = 4

const things = tableRows<Thing>({
  name: 'things',
  load: statementOf(
    'thing_load',
    'SELECT t.id, t.label, t.amount FROM thing AS t WHERE t.id = ANY ($1::text[]) ORDER BY t.id ASC FOR UPDATE',
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

const thingEntries = tableEntries<ThingEntry>({
  name: 'thing entries',
  insert: statementOf(
    'thing_entry_insert',
    `INSERT INTO thing_entry (thing_id, amount)
    SELECT r.thing_id, r.amount FROM jsonb_to_recordset($1::jsonb) AS r (thing_id text, amount int4)`,
  ),
  encode: ({ thingId, amount }) => ({ thing_id: thingId, amount }),
})

databaseConformance({
  name: 'engineDatabase',
  open: async () => {
    const kit = await engineKit('conformance database')
    const { database } = kit
    await database.query(
      'CREATE TABLE thing (id text PRIMARY KEY, label text NOT NULL, amount int4 NOT NULL)',
    )
    await database.query('CREATE TABLE thing_entry (thing_id text NOT NULL, amount int4 NOT NULL)')
    return {
      database,
      rows: things,
      entries: thingEntries,
      committedEntries: async () => {
        const { rows } = await database.query('SELECT e.thing_id, e.amount FROM thing_entry AS e')
        return rows.map((row) => ({ thingId: String(row['thing_id']), amount: Number(row['amount']) }))
      },
      close: () => kit.end(),
    }
  },
})

/** As a foreign writer would append: one entry that says it holds one message. */
async function raw(
  database: EngineDatabase,
  { topic, key, text }: { readonly topic: string; readonly key: string; readonly text: string },
): Promise<void> {
  const log = new Log(database, { partitions: PARTITION_COUNT })
  await database.transaction(async (tx) => {
    await log.learn(tx, [{ topic }])
    const partition = partitionOf(key, PARTITION_COUNT)
    await tx.query(inSchema('log_append', 'bus'), [[topic], [partition], [1], [1], [text], 1])
  })
}

transportConformance({
  name: 'postgresTransport',
  open: async () => {
    const kit = await engineKit('conformance transport')
    const transport = await postgresTransport(kit.database, { partitions: PARTITION_COUNT })
    return {
      transport,
      topics: TOPICS,
      raw: (what) => raw(kit.database, what),
      close: async () => {
        await transport.close()
        await kit.end()
      },
    }
  },
})

linkConformance({
  name: 'sharedBus',
  hasOutbox: false,
  open: async () => {
    const kit = await engineKit('conformance shared bus')
    const databases = new Map<string, Promise<EngineDatabase>>()
    return {
      bus: sharedBus({ partitions: PARTITION_COUNT }),
      topics: TOPICS,
      database: (service) => {
        const database = databases.get(service) ?? kit.open({ name: service })
        databases.set(service, database)
        return database
      },
      raw: (what) => raw(kit.database, what),
      close: () => kit.end(),
    }
  },
})
