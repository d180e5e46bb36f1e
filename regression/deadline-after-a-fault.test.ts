// A choreographed saga lost its deadline when its first step threw: the timer was taken back with the rest of what that
// try had decided, and the retry took it for set. Found by the simulator (a plan's deadline is a timer before its saga
// completes).
import { command, deferred, participant, saga, succeeded, type Pattern, type Schema } from '@ensemble/core'
import { manualClock, memoryDatabase, memoryRows, seededIds, sharedMemoryBus } from '@ensemble/memory'
import { aggregate, createHost, implement } from '@ensemble/runtime'
import { expect, test } from 'vitest'

interface Order {
  readonly key: string
}
const Ordered: Schema<Order> = {
  '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value: value as Order }) },
}
const shop = participant('shop', {
  open: command({ input: Ordered, rejections: { refused: Ordered } }),
  close: command({ input: Ordered }),
  collect: command({ input: Ordered, rejections: { refused: Ordered }, deferred: true }),
})
const sale = saga('sale', { version: 1, input: Ordered, within: '10s' })
  .compensatable('open', { run: shop.open(({ input }) => input), undo: shop.close(({ input }) => input) })
  .pivot('collect', { run: shop.collect(({ input }) => input) })
  .end({ completed: () => null, compensated: () => null })

async function statusAfter(faults: number, pattern: Pattern): Promise<string | undefined> {
  const clock = manualClock(1_800_000_000_000)
  const orders = aggregate({ rows: memoryRows<Order>({ name: 'orders', key: ({ key }) => key }) })
  let tries = 0
  const key = (order: Order): string => order.key
  const kept = (order: Order) => ({ outcome: succeeded(), state: order })
  const open = orders.on(shop.open, {
    key,
    decide: (_state, order) => {
      tries += 1
      if (tries <= faults) throw new Error('not today')
      return kept(order)
    },
  })
  const collect = orders.on(shop.collect, {
    key,
    decide: (_state, _order, { now }) => ({ outcome: deferred({ until: now + 86_400_000 }) }),
    withdraw: () => ({ outcome: { status: 'withdrawn' } }),
  })
  const close = orders.on(shop.close, { key, decide: (_state, order) => kept(order) })
  const host = await createHost({
    service: 'shop',
    database: memoryDatabase({ name: 'shop', clock }),
    bus: sharedMemoryBus(),
    clock,
    ids: seededIds(1),
    plans: [sale],
    implementation: implement(shop, { open, close, collect }),
    starts: true,
    orchestrates: pattern === 'orchestration',
    pattern,
    settings: { retry: { delayMsMin: 100, delayMsMax: 1_000, attemptsMax: 5 } },
  })
  const started = host.start(sale, { id: '1', input: { key: 'a' } })
  await clock.advance(0)
  await started
  await clock.advance(20_000)
  const status = host.status({ plan: 'sale', id: '1' })
  await clock.advance(0)
  const stopped = host.stop()
  await clock.advance(5_000)
  await stopped
  return (await status)?.status
}

test.each([
  ['orchestration', 0],
  ['orchestration', 1],
  ['choreography', 0],
  ['choreography', 1],
] as const)(
  'given a saga whose first step throws, %s, %d times, when its deadline passes, it goes back',
  async (pattern, faults) => {
    expect(await statusAfter(faults, pattern)).toBe('compensated')
  },
)
