// Owns: running the conformance suites over a real Kafka: the transport, and the bus that an outbox makes of it.
import { manualClock, memoryDatabase } from '@ensemble/memory'
import { outboxed, systemClock, systemIds } from '@ensemble/runtime'
import type { Database } from '@ensemble/runtime'
import { linkConformance, transportConformance } from '@ensemble/testing'
import { kafkaWorld } from './support.ts'

const NOW = 1_780_000_000_000

transportConformance({ name: 'kafkaTransport', open: () => kafkaWorld() })

linkConformance({
  name: 'outboxed kafkaTransport',
  hasOutbox: true,
  open: async () => {
    const world = await kafkaWorld()
    const databases = new Map<string, Database>()
    return {
      bus: outboxed(world.transport, systemIds(systemClock)),
      topics: world.topics,
      raw: world.raw,
      database: async (service) => {
        const database = databases.get(service) ?? memoryDatabase({ name: service, clock: manualClock(NOW) })
        databases.set(service, database)
        return database
      },
      close: () => world.close(),
    }
  },
})
