// Scenes: what is done at once about a message sees what the bus would have brought, whatever users' code has made.
import { expect, test } from 'vitest'
import { command, participant, saga, succeeded } from '@ensemble/core'
import { manualClock, memoryDatabase, memoryRows, sharedMemoryBus } from '@ensemble/memory'
import { aggregate, createHost, implement } from '@ensemble/runtime'
import { z } from 'zod'
import { PATTERNS_BOTH, T0 } from './world.ts'

const Step = z.object({ key: z.string(), at: z.unknown() })
const Paid = z.object({ paidAt: z.unknown() })
const shop = participant('shop', { pay: command({ input: Step, output: Paid, event: 'paid' }) })
const thing = aggregate({
  rows: memoryRows<{ readonly key: string }>({ name: 'thing', key: ({ key }) => key }),
})

test.each(PATTERNS_BOTH)(
  'given a date in an input and an answer, then the next sees a text (%s)',
  async (pattern) => {
    const seen: string[] = []
    const date = new Date(0)
    const implementation = implement(shop, {
      pay: thing.on(shop.pay, {
        key: ({ key }) => key,
        decide: (_, { at }) => {
          seen.push(`rule ${typeof at}`)
          return { outcome: succeeded({ paidAt: date }) }
        },
      }),
    })
    const plan = saga('dated', { version: 1, input: z.object({ key: z.string() }) })
      .retriable('s1', { run: shop.pay(({ input }) => ({ key: input.key, at: date })) })
      .retriable('s2', {
        run: shop.pay(({ input, results }) => {
          seen.push(`plan ${typeof results.s1.paidAt}`)
          return { key: input.key, at: date }
        }),
      })
      .end()
    const clock = manualClock(T0)
    const host = await createHost({
      service: 'shop',
      database: memoryDatabase({ name: 'shop', clock }),
      bus: sharedMemoryBus({ partitions: 1 }),
      clock,
      plans: [plan],
      implementation,
      starts: true,
      orchestrates: true,
    })
    // The first batch after a start is handled alone.
    const first = host.start(plan, { id: 'first', input: { key: 'first' }, pattern })
    await clock.advance(70_000)
    await first
    seen.length = 0
    // The clock stands still: all of it is done in the transaction of the start.
    await host.start(plan, { id: 'x', input: { key: 'x' }, pattern })
    expect(seen).toEqual(['rule string', 'plan string', 'rule string'])
    const stopped = host.stop()
    await clock.advance(5_000)
    await stopped
  },
)
