// Owns: the model's side: the simulator's database without faults, on virtual time.
import { memoryEntries, memoryRows } from '@ensemble/memory'
import { Chance } from '../../src/chance.ts'
import { DatabaseClient, schemaOf } from '../../src/database/client.ts'
import { DatabaseServer, type Isolation } from '../../src/database/server.ts'
import { Faults } from '../../src/faults.ts'
import { Process } from '../../src/process.ts'
import { Schedule } from '../../src/schedule.ts'
import { Actor, answersOf } from './actor.ts'
import type { Thing } from './calls.ts'
import type { Side } from './play.ts'

const START = 1_780_000_000_000
/** Long against a statement, short against every bound on waiting. */
const STEP_MS = 20

const rows = memoryRows<Thing>({ name: 'things', key: ({ id }) => id })
const entries = memoryEntries<Thing>({ name: 'thing entries', key: ({ id }) => id })

/** `seed` decides who goes on first of those that one transaction's end sets free. */
export function modelSide(isolation: Isolation, seed: number): Side {
  const chance = new Chance(seed)
  const schedule = new Schedule(START, chance)
  const faults = new Faults(chance, {})
  const process = new Process({ name: 'model', schedule, faults, chance, tell: () => undefined })
  const schema = schemaOf(new DatabaseServer({ name: 'model', schedule, isolation }), 'shop')
  const database = new DatabaseClient({
    schema,
    process,
    schedule,
    faults,
    chance,
    latencyMsMax: 0,
    interleaved: 0,
    saw: () => undefined,
  })
  const ports = { stores: schema.stores, rows, entries }
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
      const outbox = schema.server.tables().find(({ name }) => name === 'outbox')
      const appended = await finish(entries.all(database))
      return {
        outbox: [...(outbox?.committed().keys() ?? [])].sort(),
        entries: appended.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
      }
    },
  }
}
