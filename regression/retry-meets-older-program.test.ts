// A retry that met an older program, which did not know the plan, was set aside under a later number than its row's:
// from then on the row ignored it, and the saga never ended. Found by the simulator (two versions of a plan in one
// run).
import { command, participant, saga, succeeded, type Plan, type Schema } from '@ensemble/core'
import { manualClock, memoryDatabase, memoryRows, seededIds, sharedMemoryBus } from '@ensemble/memory'
import { aggregate, createHost, implement, type Host } from '@ensemble/runtime'
import { expect, test } from 'vitest'

interface Order {
  readonly key: string
}
const Ordered: Schema<Order> = {
  '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value: value as Order }) },
}
const shop = participant('shop', { ship: command({ input: Ordered }) })
const planOf = (version: number): Plan<Order> =>
  saga('sale', { version, input: Ordered })
    .retriable(`ship${version}`, { run: shop.ship(({ input }) => input) })
    .end({ completed: () => null, compensated: () => null })
const [first, second] = [planOf(1), planOf(2)]

test('given a retry that an older program set aside, when the newer one is back, then it is tried again', async () => {
  const clock = manualClock(1_800_000_000_000)
  const [bus, database] = [sharedMemoryBus(), memoryDatabase({ name: 'shop', clock })]
  const orders = aggregate({ rows: memoryRows<Order>({ name: 'orders', key: ({ key }) => key }) })
  let tries = 0
  const ship = orders.on(shop.ship, {
    key: ({ key }) => key,
    decide: (_state, order) => {
      tries += 1
      if (tries === 1) throw new Error('not today')
      return { outcome: succeeded(), state: order }
    },
  })
  const program = (plans: readonly Plan[]): Promise<Host> =>
    createHost({
      service: 'shop',
      database,
      bus,
      clock,
      ids: seededIds(1),
      plans,
      implementation: implement(shop, { ship }),
      starts: true,
      pattern: 'choreography',
      settings: { retry: { delayMsMin: 1_000, delayMsMax: 10_000, attemptsMax: 5 } },
    })
  const during = async (plans: readonly Plan[], work: (host: Host) => Promise<unknown>): Promise<void> => {
    const host = await program(plans)
    const done = work(host)
    await clock.advance(400)
    await done
    const stopped = host.stop()
    await clock.advance(5_000)
    await stopped
  }
  await during([first, second], (host) => host.start(second, { id: '1', input: { key: 'a' } }))
  await during([first], () => clock.advance(4_000))
  expect(tries).toBe(1)
  await during([first, second], async (host) => {
    await clock.advance(30_000)
    const status = host.status({ plan: 'sale', id: '1' })
    await clock.advance(0)
    expect([(await status)?.status, tries]).toEqual(['completed', 2])
  })
})
