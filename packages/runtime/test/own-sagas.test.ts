// Scenes: a host that orchestrates what it starts: a saga begins with its start and ends with its last decision, in one
// transaction each, and the start needs no way over the bus.
import { describe, expect, it } from 'vitest'
import type { Message } from '@ensemble/core'
import { manualClock, memoryDatabase, seededIds, sharedMemoryBus } from '@ensemble/memory'
import { createHost, type Bus } from '@ensemble/runtime'
import { implementationOf, newScript, planOf, type Behaviour } from './services.ts'
import { T0 } from './world.ts'

const plan = planOf('sale', [{ kind: 'compensatable' }, { kind: 'compensatable' }])

/** Tells what starts send on it. */
function heard(bus: Bus, sent: Message[]): Bus {
  return {
    connect: async (what) => {
      const link = await bus.connect(what)
      return {
        ...link,
        transaction: (work) =>
          link.transaction(async (tx) => {
            const done = await work(tx)
            sent.push(...done.messages)
            return done
          }),
      }
    },
  }
}

async function system(behaviours: Readonly<Record<string, Behaviour>> = {}) {
  const clock = manualClock(T0)
  const sent: Message[] = []
  const at = { clock, bus: heard(sharedMemoryBus({ partitions: 2 }), sent), ids: seededIds(1), plans: [plan] }
  const database = memoryDatabase({ name: 'desk', clock })
  const script = newScript()
  for (const [step, behaviour] of Object.entries(behaviours)) script.steps.set(step, behaviour)
  const desk = await createHost({ ...at, service: 'desk', database, starts: true, orchestrates: true })
  const others = await Promise.all(
    (['a', 'b'] as const).map((service) =>
      createHost({
        ...at,
        service,
        database: memoryDatabase({ name: service, clock }),
        implementation: implementationOf(service, script),
      }),
    ),
  )
  const stop = async (): Promise<void> => {
    const stopped = Promise.all([desk, ...others].map((host) => host.stop()))
    await clock.advance(5_000)
    await stopped
  }
  return { clock, sent, desk, stop }
}

describe('a saga of a host that starts and orchestrates', () => {
  it('begins with its start, of which nobody is told', async () => {
    const { clock, sent, desk, stop } = await system()
    const started = desk.start(plan, { id: 'x', input: { key: 'x' } })
    await clock.advance(1_000)
    await started
    expect(sent.map(({ type }) => type)).toEqual(['command', 'history'])
    await stop()
  })

  it.each([
    [{}, 'completed'],
    [{ s2: 'reject' } as const, 'compensated'],
  ])('is known by its starter to have ended: %o', async (behaviours, status) => {
    const { clock, desk, stop } = await system(behaviours)
    const started = desk.start(plan, { id: 'x', input: { key: 'x' } })
    const ended = started.then(() => desk.ended({ plan: 'sale', id: 'x' }, { within: '1m' }))
    await clock.advance(20_000)
    expect((await ended).status).toBe(status)
    await stop()
  })

  it('is started once, however often', async () => {
    const { clock, sent, desk, stop } = await system()
    const again = () => desk.start(plan, { id: 'x', input: { key: 'x' } })
    const both = Promise.all([again(), again()])
    await clock.advance(1_000)
    const news = (await both).map(({ isNew }) => isNew)
    expect([news.filter(Boolean).length, sent.filter(({ type }) => type === 'command').length]).toEqual([
      1, 1,
    ])
    await stop()
  })

  it('can be repaired: its start is sent then', async () => {
    const { clock, sent, desk, stop } = await system()
    const started = desk.start(plan, { id: 'x', input: { key: 'x' } })
    await clock.advance(5_000)
    await started
    const repaired = desk.repair({ plan: 'sale', id: 'x' }, 1)
    await clock.advance(5_000)
    await repaired
    expect(sent.filter(({ type }) => type === 'start')).toMatchObject([{ again: 1 }])
    await stop()
  })
})
