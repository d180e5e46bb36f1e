// Owns: running the conformance suites over the models: the database, the bus in it, the broker.
import { memoryEntries, memoryRows, writing } from '@ensemble/memory'
import { databaseConformance, linkConformance, transportConformance } from '@ensemble/testing'
import type { Thing, ThingEntry } from '@ensemble/testing'
import { schemaOf, type DatabaseClient } from '../src/database/client.ts'
import { Virtual } from './virtual.ts'

const TOPICS = ['order.events', 'order.commands'] as const
const PARTITION_COUNT = 4

for (const isolation of ['read committed', 'serializable'] as const) {
  databaseConformance({
    name: `the model, ${isolation},`,
    open: async () => {
      const virtual = new Virtual()
      const database = virtual.client(schemaOf(virtual.server(isolation), 'shop'), virtual.process('shop#1'))
      const entries = memoryEntries<ThingEntry>({ name: 'thing entries' })
      const stop = virtual.flow()
      return {
        database,
        rows: memoryRows<Thing>({ name: 'things', key: ({ id }) => id }),
        entries,
        committedEntries: () => entries.all(database),
        close: async () => stop(),
      }
    },
  })
}

linkConformance({
  name: 'the model of the shared bus',
  hasOutbox: false,
  open: async () => {
    const virtual = new Virtual()
    const server = virtual.server('read committed')
    const process = virtual.process('any#1')
    const log = virtual.log(PARTITION_COUNT)
    const clients = new Map<string, DatabaseClient>()
    const database = (service: string): DatabaseClient => {
      const client = clients.get(service) ?? virtual.client(schemaOf(server, service), process)
      clients.set(service, client)
      return client
    }
    const stop = virtual.flow()
    return {
      bus: log.busOf(process),
      topics: TOPICS,
      database: async (service) => database(service),
      raw: (message) =>
        database('a broken sender').transaction((tx) => writing(tx, (open) => log.appendRaw(open, message))),
      close: async () => stop(),
    }
  },
})

transportConformance({
  name: 'the model of a broker',
  open: async () => {
    const virtual = new Virtual()
    const process = virtual.process('any#1')
    const broker = virtual.broker(PARTITION_COUNT)
    const stop = virtual.flow()
    return {
      transport: broker.transportOf(process),
      topics: TOPICS,
      raw: async (message) => broker.appendRaw(message),
      close: async () => stop(),
    }
  },
})
