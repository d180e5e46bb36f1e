// Owns: the model's side: the simulator's database and the bus in it, without faults, on virtual time.
import { memoryEntries, memoryRows } from '@ensemble/memory'
import type { Database } from '@ensemble/runtime'
import { SharedLog } from '../../src/bus/shared.ts'
import { Chance } from '../../src/chance.ts'
import { DatabaseClient, schemaOf } from '../../src/database/client.ts'
import { DatabaseServer, type Isolation } from '../../src/database/server.ts'
import { Faults } from '../../src/faults.ts'
import { Process } from '../../src/process.ts'
import { Schedule } from '../../src/schedule.ts'
import { Actor, answersOf } from './actor.ts'
import { TOPICS } from './bus-calls.ts'
import type { Ports, Thing } from './calls.ts'
import { shownLog, type Side } from './play.ts'

const START = 1_780_000_000_000
/** Long against a statement, short against every bound on waiting. */
const STEP_MS = 20

const rows = memoryRows<Thing>({ name: 'things', key: ({ id }) => id })
const entries = memoryEntries<Thing>({ name: 'thing entries', key: ({ id }) => id })

/** `seed` decides what PostgreSQL leaves open. */
export async function modelSide(isolation: Isolation, seed: number): Promise<Side> {
  const chance = new Chance(seed)
  const schedule = new Schedule(START, chance)
  const faults = new Faults(chance, {})
  const process = new Process({ name: 'model', schedule, faults, chance, tell: () => undefined })
  const server = new DatabaseServer({ name: 'model', schedule, isolation })
  const client = new DatabaseClient({
    schema: schemaOf(server, 'shop'),
    process,
    schedule,
    faults,
    chance,
    latencyMsMax: 0,
    interleaved: 0,
    saw: () => undefined,
  })
  const settle = async (): Promise<void> => {
    await new Promise((resolve) => void setImmediate(resolve))
    await schedule.run(schedule.now + STEP_MS)
  }
  const finish = async <T>(work: Promise<T>): Promise<T> => {
    let isOver = false
    const over = (): void => void (isOver = true)
    work.then(over, over)
    while (!isOver) await settle()
    return await work
  }
  const database: Database = {
    stores: client.stores,
    query: () => client.query(),
    transaction: (work) => client.transaction(work, { triesMax: 1 }),
  }
  const log = new SharedLog({ schedule, faults, chance, partitionCount: 1, saw: () => undefined })
  const link = await finish(log.busOf(process).connect({ service: 'shop', database, topics: TOPICS }))
  const ports: Ports = { stores: client.stores, rows, entries, link }
  return {
    actor: () => new Actor({ database, ports }),
    settle,
    alone: async (calls) => {
      let answers: readonly string[] = []
      const work = database.transaction(async (tx) => {
        answers = await answersOf(ports, tx, calls)
      })
      await finish(work.catch(() => undefined))
      return answers
    },
    left: async () => {
      const appended = await finish(entries.all(client))
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
