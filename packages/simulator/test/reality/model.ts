// Owns: the model's side: the simulator's database and the bus in it, without faults, on virtual time.
import { memoryEntries, memoryRows } from '@ensemble/memory'
import type { Database, Link } from '@ensemble/runtime'
import { schemaOf } from '../../src/database/client.ts'
import type { DatabaseServer, Isolation } from '../../src/database/server.ts'
import { Virtual } from '../virtual.ts'
import { Actor, answersOf } from './actor.ts'
import { TOPICS } from './bus-calls.ts'
import type { Ports, Thing } from './calls.ts'
import { shownLog, type Side } from './play.ts'

const rows = memoryRows<Thing>({ name: 'things', key: ({ id }) => id })
const entries = memoryEntries<Thing>({ name: 'thing entries', key: ({ id }) => id })

/** `seed` decides what PostgreSQL leaves open. */
export async function modelSide(isolation: Isolation, seed: number): Promise<Side> {
  const virtual = new Virtual({ seed })
  const server = virtual.server(isolation)
  const process = virtual.process('shop#1')
  const client = virtual.client(schemaOf(server, 'shop'), process)
  const database: Database = {
    stores: client.stores,
    query: () => client.query(),
    transaction: (work) => client.transaction(work, { triesMax: 1 }),
  }
  const bus = virtual.log(1).busOf(process)
  const connect = (topics: readonly string[]): Promise<Link> =>
    virtual.finish(bus.connect({ service: 'shop', database, topics }))
  // One after the other, so that the first one has waited longest.
  for (const topic of TOPICS) await connect([topic])
  const ports: Ports = { stores: client.stores, rows, entries, link: await connect(TOPICS) }
  return {
    actor: () => new Actor({ database, ports }),
    settle: () => virtual.settle(),
    alone: async (calls) => {
      let answers: readonly string[] = []
      const work = database.transaction(async (tx) => {
        answers = await answersOf(ports, tx, calls)
      })
      await virtual.finish(work.catch(() => undefined))
      return answers
    },
    left: async () => {
      const appended = await virtual.finish(entries.all(client))
      return {
        outbox: [...committed(server, 'outbox').keys()].sort(),
        entries: appended.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
        log: TOPICS.map((topic) => logOf(server, topic)),
      }
    },
  }
}

function logOf(server: DatabaseServer, topic: string): string {
  const place = `${topic}/0`
  const texts = [...committed(server, 'log entry')].flatMap(([key, entry]) =>
    key.startsWith(place) && 'text' in entry ? [String(entry.text)] : [],
  )
  const cursor = committed(server, 'log cursor').get(`shop ${place}`)
  return shownLog(topic, texts, cursor !== undefined && 'next' in cursor ? Number(cursor.next) : 0)
}

function committed(server: DatabaseServer, name: string): ReadonlyMap<string, object> {
  const table = server.tables().find((one) => one.name === name)
  return table?.committed() ?? new Map()
}
