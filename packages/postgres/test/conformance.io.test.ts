// Owns: running the conformance suites over a real PostgreSQL: the engine's database, the bus in it, the bus beside it,
// and that one behind an outbox.
import { outboxed, systemClock, systemIds } from '@ensemble/runtime'
import { databaseConformance, linkConformance, transportConformance } from '@ensemble/testing'
import type { Thing, ThingEntry } from '@ensemble/testing'
import { afterAll, beforeAll } from 'vitest'
import { partitionOf } from '../src/bus/entries.ts'
import { inSchema, Log } from '../src/bus/log.ts'
import { sharedBus } from '../src/bus/shared.ts'
import { postgresTransport } from '../src/bus/transport.ts'
import { DatabaseError } from '../src/database/errors.ts'
import { statementOf } from '../src/database/statement.ts'
import type { EngineDatabase } from '../src/engine.ts'
import { tableEntries, tableRows } from '../src/rows.ts'
import { engineKit } from './engine-kit.ts'
import type { Kit } from './engine-kit.ts'

const PARTITION_COUNT = 4
const ADVANCE = inSchema('log_advance', 'bus').name

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

/** One server database for the whole file; each scene begins with empty tables and topics of its own. */
let kit: Kit
/** Of the bus beside it, with sessions of its own, so that they alone can be ended. */
let beside: EngineDatabase
let isRefused = false
beforeAll(async () => {
  kit = await engineKit('conformance')
  beside = await kit.open({
    name: 'bus',
    fault: (statement) =>
      isRefused && statement === ADVANCE ? new DatabaseError('CONNECTION', 'refused') : undefined,
  })
  await kit.database.query(
    'CREATE TABLE thing (id text PRIMARY KEY, label text NOT NULL, amount int4 NOT NULL)',
  )
  await kit.database.query('CREATE TABLE thing_entry (thing_id text NOT NULL, amount int4 NOT NULL)')
})
afterAll(() => kit.end())

async function emptied(): Promise<EngineDatabase> {
  const { rows } = await kit.database.query(
    `SELECT t.tablename AS name FROM pg_tables AS t
    WHERE t.schemaname = 'shop' AND (t.tablename LIKE 'ensemble%' OR t.tablename LIKE 'thing%')`,
  )
  await kit.database.query(`TRUNCATE ${rows.map(({ name }) => String(name)).join(', ')}`)
  return kit.database
}

let topicCount = 0
function freshTopics(): readonly [string, string] {
  topicCount += 1
  return [`order.events.${topicCount}`, `order.commands.${topicCount}`]
}

databaseConformance({
  name: 'engineDatabase',
  open: async () => ({
    database: await emptied(),
    rows: things,
    entries: thingEntries,
    committedEntries: async () => {
      const { rows } = await kit.database.query('SELECT e.thing_id, e.amount FROM thing_entry AS e')
      return rows.map((row) => ({ thingId: String(row['thing_id']), amount: Number(row['amount']) }))
    },
    close: async () => undefined,
  }),
})

/** As a foreign writer would append: one entry that says it holds one message. */
async function raw(what: {
  readonly topic: string
  readonly key: string
  readonly text: string
}): Promise<void> {
  const log = new Log(kit.database, { partitions: PARTITION_COUNT })
  await kit.database.transaction(async (tx) => {
    await log.learn(tx, [what])
    const partition = partitionOf(what.key, PARTITION_COUNT)
    await tx.query(inSchema('log_append', 'bus'), [[what.topic], [partition], [1], [1], [what.text], 1])
  })
}

const BUS_SESSIONS = `SELECT a.pid FROM pg_stat_activity AS a
  WHERE a.datname = current_database() AND a.application_name LIKE 'bus%'`
const HOLDERS = `SELECT l.pid FROM pg_locks AS l WHERE l.relation = 'bus.log_cursor'::regclass`

/** Waits until they are gone. */
async function endSessions(pids: string): Promise<void> {
  await kit.database.query(
    `SELECT pg_terminate_backend(a.pid, 5000) FROM (${BUS_SESSIONS} AND a.pid IN (${pids})) AS a`,
  )
}

transportConformance({
  name: 'postgresTransport',
  open: async () => {
    const transport = await postgresTransport(beside, { partitions: PARTITION_COUNT })
    return {
      transport,
      topics: freshTopics(),
      raw,
      refusePositions: (refused) => void (isRefused = refused),
      expire: () => endSessions(HOLDERS),
      restart: () => endSessions(BUS_SESSIONS),
      close: async () => {
        isRefused = false
        await transport.close()
      },
    }
  },
})

const services = new Map<string, Promise<EngineDatabase>>()
function serviceDatabase(service: string): Promise<EngineDatabase> {
  const database = services.get(service) ?? kit.open({ name: service })
  services.set(service, database)
  return database
}

linkConformance({
  name: 'sharedBus',
  hasOutbox: false,
  open: async () => {
    await emptied()
    return {
      bus: sharedBus({ partitions: PARTITION_COUNT }),
      topics: freshTopics(),
      database: serviceDatabase,
      raw,
      close: async () => undefined,
    }
  },
})

linkConformance({
  name: 'outboxed postgresTransport',
  hasOutbox: true,
  open: async () => {
    await emptied()
    const transport = await postgresTransport(beside, { partitions: PARTITION_COUNT })
    return {
      bus: outboxed(transport, systemIds(systemClock)),
      topics: freshTopics(),
      database: serviceDatabase,
      raw,
      close: () => transport.close(),
    }
  },
})
