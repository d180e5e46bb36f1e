// Scenes: what wakes a host. A message that means nothing to it waits for one that does, or for the next look: a
// transaction of its own would only move a cursor.
import { describe, expect, it } from 'vitest'
import type { Message, Pattern } from '@ensemble/core'
import { manualClock, memoryDatabase, seededIds, sharedMemoryBus } from '@ensemble/memory'
import { createHost, type Bus, type Clock, type HostOptions } from '@ensemble/runtime'
import { implementationOf, newScript, planOf } from './services.ts'
import { T0 } from './world.ts'

const plan = planOf('sale', [{ kind: 'compensatable' }, { kind: 'compensatable' }])
const POLL_MS = 10_000
const NEVER = new AbortController().signal

/** Tells the types of what each service takes, by batch. */
function watched(bus: Bus, { batches, clock }: { batches: Map<string, string[][]>; clock: Clock }): Bus {
  return {
    connect: async (what) => {
      const link = await bus.connect(what)
      const own: string[][] = []
      batches.set(what.service, own)
      return {
        ...link,
        tellsAll: true,
        // As the bus in PostgreSQL: after the actions of the transaction that sent them.
        onNews: (news) => link.onNews((messages) => void clock.sleep(1, NEVER).then(() => news(messages))),
        receive: (countMax, handle) =>
          link.receive(countMax, async (tx, batch) => {
            tx.onCommit(() => own.push(batch.map((one) => (one.ok ? one.message.type : one.reason))))
            return await handle(tx, batch)
          }),
      }
    },
  }
}

async function system(pattern: Pattern, desk: Partial<HostOptions> = {}) {
  const clock = manualClock(T0)
  const batches = new Map<string, string[][]>()
  const bus = watched(sharedMemoryBus({ partitions: 1 }), { batches, clock })
  const settings = { pollMs: POLL_MS, sweepMs: POLL_MS }
  const at = { clock, bus, ids: seededIds(1), plans: [plan], settings, pattern }
  const place = (service: string) => ({ ...at, service, database: memoryDatabase({ name: service, clock }) })
  const starting = { starts: true, orchestrates: pattern === 'orchestration' }
  const hosts = [await createHost({ ...place('desk'), ...starting, ...desk })]
  for (const service of ['a', 'b'] as const) {
    const implementation = implementationOf(service, newScript())
    hosts.push(await createHost({ ...place(service), implementation }))
  }
  await clock.advance(1_000)
  return {
    batches,
    bus,
    clock,
    run: async (): Promise<string | undefined> => {
      const started = hosts[0]?.start(plan, { id: 'x', input: { key: 'x' } })
      const ended = started?.then(() => hosts[0]?.ended({ plan: 'sale', id: 'x' }, { within: '1m' }))
      await clock.advance(1_000)
      return (await ended)?.status
    },
    stop: async (): Promise<void> => {
      const stopped = Promise.all(hosts.map((host) => host.stop()))
      await clock.advance(POLL_MS)
      await stopped
    },
  }
}

describe('a host is not woken', () => {
  it('by the end that it has stored with the last decision, and moves on when it looks', async () => {
    const { batches, clock, run, stop } = await system('orchestration')
    expect([await run(), batches.get('desk')?.flat()]).toEqual(['completed', ['event', 'event']])
    await clock.advance(POLL_MS)
    expect(batches.get('desk')?.at(-1)).toEqual(['ended'])
    await stop()
  })

  it('by an event of a choreographed saga that names somebody else', async () => {
    const { batches, run, stop } = await system('choreography')
    expect([await run(), batches.get('a'), batches.get('b')]).toEqual(['completed', [['start']], [['event']]])
    await stop()
  })
})

describe('a host is woken', () => {
  it('by an end that another one has decided', async () => {
    const { batches, run, stop } = await system('choreography')
    expect([await run(), batches.get('desk')]).toEqual(['completed', [['ended']]])
    await stop()
  })

  it('by an end that its observer wants to hear', async () => {
    const recorded: string[] = []
    const record = async (_tx: unknown, messages: readonly Message[]): Promise<void> => {
      recorded.push(...messages.map(({ type }) => type))
    }
    const { run, stop } = await system('orchestration', {
      observer: { topics: ['saga.ended'], record },
    })
    expect([await run(), recorded]).toEqual(['completed', ['ended']])
    await stop()
  })

  it('by what it only observes at most once in a tenth of a second', async () => {
    const recordedAt: number[] = []
    const { bus, clock, run, stop } = await system('choreography')
    const record = async (): Promise<void> => void recordedAt.push(clock.now())
    const observer = await createHost({
      service: 'history',
      database: memoryDatabase({ name: 'history', clock }),
      bus,
      clock,
      observer: { topics: ['saga.history'], record },
    })
    await clock.advance(1_000)
    expect(await run()).toBe('completed')
    expect(recordedAt.length).toBeGreaterThan(1)
    const [, ...pauses] = recordedAt.map((at, index) => at - (recordedAt[index - 1] ?? 0))
    expect(Math.min(...pauses)).toBeGreaterThanOrEqual(100)
    const stopped = observer.stop()
    await stop()
    await stopped
  })
})
