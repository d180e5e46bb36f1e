// Whatever is run twice, by two, or by a process that dies at any statement: what is left is the same as on a
// calm day.
import { describe, expect, it } from 'vitest'
import type { Pattern } from '@ensemble/core'
import { MemoryError } from '@ensemble/memory'
import type { Database } from '@ensemble/runtime'
import { planOf, type Behaviour } from './services.ts'
import { inWorld, PATTERNS_BOTH, wrapped, type BusShape, type World, type WorldOptions } from './world.ts'

const plan = planOf('crash', [
  { kind: 'compensatable', form: 'write' },
  { kind: 'compensatable' },
  { kind: 'compensatable', form: 'call' },
  { kind: 'pivot' },
  { kind: 'retriable' },
])
const BUSES: readonly BusShape[] = ['shared', 'outboxed']

interface Left {
  readonly status: string
  readonly history: unknown
  readonly rows: unknown
  readonly doubled: readonly string[]
}

async function left(world: World): Promise<Left> {
  await world.start(plan)
  const status = await world.ended(plan)
  // A row that was left behind in an outbox is found after five seconds.
  await world.run(world.options.bus === 'outboxed' ? 6_500 : 1_500)
  return { status, history: world.history(), rows: await world.rows(), doubled: await world.doubled() }
}

async function calm(script: Readonly<Record<string, Behaviour>>): Promise<Left> {
  let found: Left | null = null
  await inWorld({ pattern: 'orchestration', plans: [plan], script }, async (world) => {
    found = await left(world)
  })
  if (found === null) throw new Error('nothing was left')
  return found
}

/** Every transaction is run, rolled back and run again, as a database does after 40001. */
function rerunning(database: Database): Database {
  const transaction: Database['transaction'] = async (work) => {
    const raced = new MemoryError('SERIALIZATION', 'run again')
    try {
      await database.transaction(async (tx) => {
        await work(tx)
        throw raced
      })
    } catch (error) {
      if (error !== raced) throw error
    }
    return await database.transaction(work)
  }
  return wrapped(database, { transaction, onCall: () => undefined })
}

const SCRIPTS: readonly Readonly<Record<string, Behaviour>>[] = [{}, { s4: 'reject' }, { s2: 'throw' }]

describe.each(PATTERNS_BOTH)('%s', (pattern) => {
  it.each(SCRIPTS)('every transaction run twice (%o)', async (script) => {
    const expected = await calm(script)
    for (const bus of BUSES) {
      await inWorld({ pattern, plans: [plan], script, bus, wrap: rerunning }, async (world) => {
        expect(await left(world)).toEqual(expected)
      })
    }
  })

  it.each(SCRIPTS)('two instances of everybody (%o)', async (script) => {
    const expected = await calm(script)
    for (const bus of BUSES) {
      await inWorld(
        { pattern, plans: [plan], script, bus, trouble: { copies: 2, shuffle: 9 } },
        async (world) => {
          for (const name of ['a#2', 'b#2', 'c#2', 'desk#2']) await world.startHost(name)
          if (pattern === 'orchestration') await world.startHost('orchestrator#2')
          expect(await left(world)).toEqual(expected)
        },
      )
    }
  })
})

const WRITES: ReadonlySet<string> = new Set([
  ...['load', 'insert', 'update', 'claimDue'].map((call) => `operations.${call}`),
  ...['load', 'insert', 'update'].map((call) => `sagas.${call}`),
  'outbox.insert',
  'outbox.remove',
  'scheduled.insert',
  'starts.ended',
])

/** Dies at the n-th statement that matters; in `afterCommit` mode when the transaction of it has committed. */
function dying(what: { service: string; at: number; afterCommit: boolean }): {
  wrap: NonNullable<WorldOptions['wrap']>
  hasDied: () => boolean
} {
  let count = 0
  let died = false
  const dead = new MemoryError('CONNECTION', 'the process is dead')
  const wrap = (database: Database, service: string): Database => {
    if (service !== what.service || died) return database
    let isDead = false
    let atCommit = false
    const die = (): never => {
      died = true
      isDead = true
      throw dead
    }
    const transaction: Database['transaction'] = async (work) => {
      if (isDead) throw dead
      const value = await database.transaction(async (tx) => {
        const done = await work(tx)
        if (isDead) throw dead
        return done
      })
      if (atCommit) die()
      return value
    }
    return wrapped(database, {
      transaction,
      onCall: (call) => {
        if (isDead) throw dead
        if (!WRITES.has(call)) return
        count += 1
        if (count !== what.at) return
        if (what.afterCommit) atCommit = true
        else die()
      },
    })
  }
  return { wrap, hasDied: () => died }
}

describe('a process that dies at a statement', () => {
  const cases = PATTERNS_BOTH.flatMap((pattern) =>
    BUSES.flatMap((bus) =>
      (pattern === 'orchestration' ? ['a', 'c', 'orchestrator'] : ['a', 'c']).flatMap((service) =>
        [false, true].map((afterCommit) => ({ pattern, bus, service, afterCommit })),
      ),
    ),
  )

  it.each(cases)(
    '$pattern, $bus, $service, after commit: $afterCommit',
    async ({ pattern, bus, service, afterCommit }) => {
      const script = { s4: 'reject' } as const
      const expected = await calm(script)
      let deaths = 0
      for (let at = 1; at <= 8; at += 1) {
        const { wrap, hasDied } = dying({ service, at, afterCommit })
        await inWorld(
          { pattern: pattern satisfies Pattern, plans: [plan], script, bus, wrap },
          async (world) => {
            await world.start(plan)
            await world.run(1_000)
            if (hasDied()) {
              deaths += 1
              const killed = world.kill(service)
              await world.run(2_000)
              await killed
              await world.startHost(service)
            }
            expect({ at, ...(await left(world)) }).toEqual({ at, ...expected })
          },
        )
      }
      expect(deaths).toBeGreaterThan(4)
    },
  )
})
