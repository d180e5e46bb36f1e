// Starting, calling locally, gathering, stopping; and that a batch costs as many statements as one message.
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { describe, expect, it } from 'vitest'
import { memoryDatabase, manualClock, sharedMemoryBus, MemoryError } from '@ensemble/memory'
import { BATCH_LENGTH_MAX, createHost, EnsembleError } from '@ensemble/runtime'
import { gathered } from '../src/shell/gather.ts'
import { Bell } from '../src/shell/bell.ts'
import { contracts, implementationOf, ledger, newScript, planOf, PlanInput } from './services.ts'
import { inWorld, PATTERNS_BOTH, T0, World, wrapped } from './world.ts'
import { saga, type Message } from '@ensemble/core'
import { Bench } from './bench.ts'

const plan = planOf('begin', [{ kind: 'compensatable' }, { kind: 'retriable' }])

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work
    return 'nothing was thrown'
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error)
  }
}

async function meanwhile<T>(world: World, work: Promise<T>): Promise<T> {
  work.catch(() => undefined)
  await world.run(0)
  return await work
}

describe.each(PATTERNS_BOTH)('start, %s', (pattern) => {
  it('again with the same content does nothing; with other content it throws', async () => {
    await inWorld({ pattern, plans: [plan] }, async (world) => {
      const begin = (key: string) => meanwhile(world, world.desk.start(plan, { id: 'x', input: { key } }))
      const first = { saga: { plan: 'begin', id: 'x', pattern }, isNew: true, startedAt: world.clock.now() }
      expect(await begin('x')).toEqual(first)
      await world.run(1_000)
      expect(await begin('x')).toEqual({ ...first, isNew: false })
      expect(await codeOf(begin('other'))).toBe('SAGA_STARTED_DIFFERENTLY')
      expect(await world.ended(plan)).toBe('completed')
      expect(world.witnessed.filter(({ type }) => type === 'start')).toHaveLength(1)
    })
  })

  it('in the caller`s transaction is committed and rolled back with it', async () => {
    await inWorld({ pattern, plans: [plan], bus: 'outboxed' }, async (world) => {
      const database = world.database('desk')
      const rolledBack = database.transaction(async (tx) => {
        await world.desk.startIn(tx, plan, { id: 'gone', input: { key: 'gone' } })
        throw new Error('the caller changed its mind')
      })
      await codeOf(rolledBack)
      await database.transaction((tx) => world.desk.startIn(tx, plan, { id: 'x', input: { key: 'x' } }))
      expect(await world.ended(plan)).toBe('completed')
      expect(await world.desk.status({ plan: 'begin', id: 'gone' })).toBeNull()
      expect(world.witnessed.some((message) => message.key === 'gone')).toBe(false)
    })
  })

  it('of many large ones at once takes several transactions, each as long as a batch may be', async () => {
    await inWorld({ pattern, plans: [plan] }, async (world) => {
      const counts: number[] = []
      const hear = (told: unknown): void => void counts.push(Number(Reflect.get(Object(told), 'count')))
      subscribe('ensemble:start', hear)
      const key = 'x'.repeat(BATCH_LENGTH_MAX / 10)
      const ids = ['first', ...Array.from({ length: 9 }, (_, index) => `large ${index}`)]
      await meanwhile(world, Promise.all(ids.map((id) => world.desk.start(plan, { id, input: { key } }))))
      unsubscribe('ensemble:start', hear)
      expect(counts).toEqual([9, 1])
    })
  })

  it('of many at once: one bad one fails alone', async () => {
    await inWorld({ pattern, plans: [plan] }, async (world) => {
      await meanwhile(world, world.desk.start(plan, { id: 'taken', input: { key: 'taken' } }))
      const all = ['x', 'taken', 'y', 'z'].map((id) =>
        codeOf(world.desk.start(plan, { id, input: { key: `${id}!` } })),
      )
      expect(await meanwhile(world, Promise.all(all))).toEqual([
        'nothing was thrown',
        'SAGA_STARTED_DIFFERENTLY',
        'nothing was thrown',
        'nothing was thrown',
      ])
      for (const id of ['x', 'y', 'z']) expect(await world.ended(plan, id)).toBe('completed')
    })
  })

  it('ended tells the end as soon as it is known, or what is known when the span is over', async () => {
    const waiting = planOf('waits', [{ kind: 'pivot', form: 'wait' }, { kind: 'retriable' }])
    await inWorld({ pattern, plans: [plan, waiting] }, async (world) => {
      await world.start(plan)
      await world.start(waiting)
      const ends = world.desk.ended({ plan: 'begin', id: 'x' }, { within: '10s' })
      const goesOn = world.desk.ended({ plan: 'waits', id: 'x' }, { within: '10s' })
      await world.run(11_000)
      expect([(await ends).status, (await ends).data, (await goesOn).status]).toEqual([
        'completed',
        { ok: true },
        'running',
      ])
      expect(await codeOf(world.desk.ended({ plan: 'waits', id: 'nobody' }, { within: '10s' }))).toBe(
        'SAGA_UNKNOWN',
      )
    })
  })

  it('ended does not spin when its host is stopped', async () => {
    const waiting = planOf('waits', [{ kind: 'pivot', form: 'wait' }, { kind: 'retriable' }])
    await inWorld({ pattern, plans: [waiting] }, async (world) => {
      await world.start(waiting)
      const code = codeOf(world.desk.ended({ plan: 'waits', id: 'x' }, { within: '1h' }))
      await world.run(0)
      await world.stopHost('desk')
      expect(await code).toBe('HOST_STOPPED')
    })
  })
})

describe('a lost race of two starters', () => {
  it('is run again and sees the other`s row', async () => {
    const world = new World({ pattern: 'orchestration', plans: [plan] })
    let races = 1
    await world.startHost('desk', (database) =>
      wrapped(database, {
        onCall: (call) => {
          if (call === 'starts.insert' && (races -= 1) >= 0)
            throw new MemoryError('UNIQUE', 'somebody was first')
        },
      }),
    )
    expect((await meanwhile(world, world.desk.start(plan, { id: 'x', input: { key: 'x' } }))).isNew).toBe(
      true,
    )
    await world.stop()
  })
})

describe('execute', () => {
  it.each(['make', 'write'] as const)(
    'with an operation id does its work once, whenever it comes again (%s)',
    async (request) => {
      await inWorld({ pattern: 'choreography', plans: [plan] }, async (world) => {
        const input = { key: 'k', step: 's' }
        const call = () => world.host('a').execute(contracts.a[request], input, { operation: 'o1' })
        const together = await meanwhile(world, Promise.all([call(), call()]))
        const later = await meanwhile(world, call())
        expect([...together, later].map(({ status }) => status)).toEqual([
          'succeeded',
          'succeeded',
          'succeeded',
        ])
        expect(await ledger.all(world.database('a'))).toEqual([{ operation: 'o1' }])
      })
    },
  )

  it.each(['make', 'write'] as const)('answers a stored rejection again, too (%s)', async (request) => {
    await inWorld({ pattern: 'choreography', plans: [plan], script: { s: 'reject' } }, async (world) => {
      const call = () =>
        meanwhile(
          world,
          world.host('a').execute(contracts.a[request], { key: 'k', step: 's' }, { operation: 'o1' }),
        )
      const first = await call()
      world.script.steps.clear()
      expect([first.status, (await call()).status]).toEqual(['rejected', 'rejected'])
      expect(await ledger.all(world.database('a'))).toEqual([])
    })
  })

  it('of what can only be answered later leaves nothing behind', async () => {
    await inWorld({ pattern: 'choreography', plans: [plan] }, async (world) => {
      const called = meanwhile(world, world.host('a').execute(contracts.a.wait, { key: 'k', step: 's' }))
      await expect(called).rejects.toThrow('cannot be called locally')
      expect((await world.rows())['a.thing']).toEqual({})
    })
  })

  it('refuses an input that the contract refuses, alone', async () => {
    await inWorld({ pattern: 'choreography', plans: [plan] }, async (world) => {
      const bad: unknown = { step: 's' }
      const host = world.host('a')
      const all = [
        codeOf(host.execute(contracts.a.make, { key: 'k', step: 's' })),
        codeOf(host.execute(contracts.a.make, bad as { key: string; step: string })),
        codeOf(host.execute(contracts.b.make, { key: 'k', step: 's' })),
      ]
      expect(await meanwhile(world, Promise.all(all))).toEqual([
        'nothing was thrown',
        'INPUT_INVALID',
        'CONTRACT_UNKNOWN',
      ])
    })
  })
})

describe('gathered calls', () => {
  it('are never made twice when the commit is not known', async () => {
    const batches: number[] = []
    const call = gathered<number, number>(
      async (items) => {
        batches.push(items.length)
        if (items.length > 1) throw new MemoryError('COMMIT_UNKNOWN', 'the connection broke')
        return items
      },
      { countMax: 10 },
    )
    const all = await Promise.all([codeOf(call(1)), codeOf(call(2))])
    expect([all, batches]).toEqual([['COMMIT_UNKNOWN', 'COMMIT_UNKNOWN'], [2]])
  })

  it('that fail together are tried one by one', async () => {
    const call = gathered<number, number>(
      async (items) => {
        if (items.includes(3)) throw new EnsembleError('INPUT_INVALID', '3')
        return items
      },
      { countMax: 10 },
    )
    expect(await Promise.all([call(1), call(2), codeOf(call(3)), call(4)])).toEqual([
      1,
      2,
      'INPUT_INVALID',
      4,
    ])
  })
})

describe('a bell', () => {
  it('rung before the wait, or while it falls asleep, is not lost', async () => {
    const clock = manualClock(T0)
    const bell = new Bell()
    const { signal } = new AbortController()
    bell.ring()
    await bell.wait(clock, 1_000, signal)
    const waiting = bell.wait(clock, 1_000, signal)
    bell.ring()
    await waiting
    expect(clock.now()).toBe(T0)
  })
})

describe('stop', () => {
  it('ends the batch under way: what it did is committed, and nothing is done twice afterwards', async () => {
    await inWorld({ pattern: 'choreography', plans: [plan], bus: 'outboxed' }, async (world) => {
      const stopped: Promise<void>[] = []
      world.script.onHandle = (operation) => {
        if (operation === 'begin/x/s1/run') stopped.push(world.stopHost('a'))
      }
      await world.start(plan)
      await world.run(1_000)
      await Promise.all(stopped)
      expect(stopped).toHaveLength(1)
      expect((await world.operation('a', 'begin/x/s1/run'))?.status).toBe('succeeded')
      await world.startHost('a')
      expect(await world.ended(plan)).toBe('completed')
      expect(await world.doubled()).toEqual([])
    })
  })
})

describe('start-up', () => {
  it('refuses spans longer than operations are kept, and two handlers of one timer', async () => {
    const long = saga('long', { version: 1, input: PlanInput, within: '60d' })
      .retriable('s1', { run: contracts.a.finish(({ input }) => ({ key: input.key, step: 's1' })) })
      .end()
    const clock = manualClock(T0)
    const made = createHost({
      service: 'a',
      database: memoryDatabase({ name: 'a', clock }),
      bus: sharedMemoryBus(),
      plans: [long],
      implementation: implementationOf('a', newScript()),
      clock,
    })
    expect(await codeOf(made)).toBe('HOST_MISCONFIGURED')
  })
})

describe('a batch', () => {
  it.each(['make', 'call', 'wait', 'write'] as const)(
    'of 200 commands costs as many calls of the stores as of 1 (%s)',
    async (form) => {
      const counted = async (count: number): Promise<readonly string[]> => {
        const bench = new Bench({ pattern: 'orchestration', form })
        const calls: string[] = []
        const { stores } = wrapped(bench.database, { onCall: (call) => void calls.push(call) })
        bench.options = { ...bench.options, stores }
        const commands = [...Array(count).keys()].map((index): Message => {
          if (bench.run.type !== 'command') throw new Error('only orchestrated')
          const operation = `bench/${index}/s1/run`
          return {
            ...bench.run,
            id: `${index}`,
            ask: { ...bench.ask, operation, input: { key: `${index}`, step: 's1' } },
          }
        })
        expect(await bench.deliver(...commands)).toHaveLength(form === 'call' ? 0 : count)
        return calls
      }
      const one = await counted(1)
      expect(one.filter((call) => call.startsWith('operations'))).toEqual([
        'operations.load',
        'operations.insert',
      ])
      expect(await counted(200)).toEqual(one)
    },
  )
})
