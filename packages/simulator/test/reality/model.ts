// Owns: the model's side: the simulator's database without faults, on virtual time.
import { setImmediate } from 'node:timers/promises'
import { memoryEntries, memoryRows } from '@ensemble/memory'
import { Chance } from '../../src/chance.ts'
import { DatabaseClient, schemaOf } from '../../src/database/client.ts'
import { DatabaseServer, type Isolation } from '../../src/database/server.ts'
import { Faults } from '../../src/faults.ts'
import { Process } from '../../src/process.ts'
import { Schedule } from '../../src/schedule.ts'
import { Actor } from './actor.ts'
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
  })
  return {
    actor: () => new Actor({ database, ports: { stores: schema.stores, rows, entries } }),
    settle: async () => {
      await setImmediate()
      await schedule.run(schedule.now + STEP_MS)
    },
    left: async () => {
      const tables = schema.server.tables()
      const outbox = tables.find(({ name }) => name === 'outbox')?.committed() ?? new Map()
      return { outbox: [...outbox.keys()].sort(), entries: await appended(database) }
    },
  }

  async function appended(from: DatabaseClient): Promise<unknown> {
    const all = entries.all(from)
    await setImmediate()
    await schedule.run(schedule.now + STEP_MS)
    return (await all).toSorted((a, b) => (a.id < b.id ? -1 : 1))
  }
}
