// Owns: running the conformance suites over the ports in memory.
import {
  manualClock,
  memoryBus,
  memoryDatabase,
  memoryEntries,
  memoryRows,
  seededIds,
  sharedMemoryBus,
} from '@ensemble/memory'
import { outboxed } from '@ensemble/runtime'
import type { Database } from '@ensemble/runtime'
import { databaseConformance, linkConformance, transportConformance } from '@ensemble/testing'
import type { Thing, ThingEntry } from '@ensemble/testing'

const NOW = 1_780_000_000_000
const TOPICS = ['order.events', 'order.commands'] as const

databaseConformance({
  name: 'memoryDatabase',
  open: async () => {
    const database = memoryDatabase({ name: 'order', clock: manualClock(NOW) })
    const entries = memoryEntries<ThingEntry>({ name: 'thing entries' })
    return {
      database,
      rows: memoryRows<Thing>({ name: 'things', key: ({ id }) => id }),
      entries,
      committedEntries: () => entries.all(database),
      close: async () => undefined,
    }
  },
})

transportConformance({
  name: 'memoryBus',
  open: async () => {
    const transport = memoryBus({ partitions: 4 })
    return {
      transport,
      topics: TOPICS,
      raw: async (message) => transport.raw(message),
      close: () => transport.close(),
    }
  },
})

function databasesByName(): (service: string) => Promise<Database> {
  const databases = new Map<string, Database>()
  return async (service) => {
    const database = databases.get(service) ?? memoryDatabase({ name: service, clock: manualClock(NOW) })
    databases.set(service, database)
    return database
  }
}

linkConformance({
  name: 'sharedMemoryBus',
  hasOutbox: false,
  open: async () => {
    const bus = sharedMemoryBus({ partitions: 4 })
    return {
      bus,
      topics: TOPICS,
      raw: async (message) => bus.raw(message),
      database: databasesByName(),
      close: async () => undefined,
    }
  },
})

linkConformance({
  name: 'outboxed memoryBus',
  hasOutbox: true,
  open: async () => {
    const transport = memoryBus({ partitions: 4 })
    return {
      bus: outboxed(transport, seededIds(1)),
      topics: TOPICS,
      raw: async (message) => transport.raw(message),
      database: databasesByName(),
      close: () => transport.close(),
    }
  },
})
