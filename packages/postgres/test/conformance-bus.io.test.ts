// Owns: running the conformance suites of buses over a real PostgreSQL: the bus in the service's database, the bus
// beside it, and that one behind an outbox.
import { outboxed, systemClock, systemIds } from '@ensemble/runtime'
import { linkConformance, transportConformance } from '@ensemble/testing'
import { afterAll, beforeAll } from 'vitest'
import { partitionOf } from '../src/bus/entries.ts'
import { inSchema, Log } from '../src/bus/log.ts'
import { sharedBus } from '../src/bus/shared.ts'
import { postgresTransport } from '../src/bus/transport.ts'
import { DatabaseError } from '../src/database/errors.ts'
import type { EngineDatabase } from '../src/engine.ts'
import { engineKit } from './engine-kit.ts'
import type { Kit } from './engine-kit.ts'
import { empty } from './things.ts'

const PARTITION_COUNT = 4
const ADVANCE = inSchema('log_advance', 'bus').name

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
})
afterAll(() => kit.end())

let topicCount = 0
function freshTopics(): readonly [string, string] {
  topicCount += 1
  return [`order.events.${topicCount}`, `order.commands.${topicCount}`]
}

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
    await empty(kit.database)
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
    await empty(kit.database)
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
