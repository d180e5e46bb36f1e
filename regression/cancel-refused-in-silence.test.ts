// A cancel of a choreographed saga that was refused and nobody was told: one noted on a call in doubt was forgotten
// when an operator supplied the call's outcome; one that met a retriable whose next decision was parked was kept as a
// wish that nothing could obey. Found by the simulator (every cancel is obeyed, or refused with a note).
import { command, participant, saga, succeeded, TOPIC, type Schema } from '@ensemble/core'
import { manualClock, memoryDatabase, memoryRows, seededIds, sharedMemoryBus } from '@ensemble/memory'
import { aggregate, createHost, effect, implement, type Host } from '@ensemble/runtime'
import { expect, test } from 'vitest'

interface Order {
  readonly key: string
}
const Ordered: Schema<Order> = {
  '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value: value as Order }) },
}
const shop = participant('shop', {
  pay: command({ input: Ordered, rejections: { refused: Ordered } }),
  ship: command({ input: Ordered }),
  tell: command({ input: Ordered }),
})

interface Scene {
  readonly host: Host
  readonly deployment: { isRepaired: boolean }
  readonly pass: (ms: number) => Promise<void>
  readonly done: (work: Promise<unknown>) => Promise<void>
  readonly refusals: () => readonly string[]
}

const deployment = { isRepaired: false }
const paid = saga('paid', { version: 1, input: Ordered })
  .pivot('pay', { run: shop.pay(({ input }) => input) })
  .retriable('ship', { run: shop.ship(({ input }) => input) })
  .end({ completed: () => null, compensated: () => null })
const shipped = saga('shipped', { version: 1, input: Ordered })
  .retriable('ship', { run: shop.ship(({ input }) => input) })
  .retriable('tell', {
    run: shop.tell(({ input }) => {
      if (!deployment.isRepaired) throw new Error('the plan has a bug')
      return input
    }),
  })
  .end({ completed: () => null, compensated: () => null })

async function inShop(scene: (at: Scene) => Promise<void>): Promise<void> {
  const clock = manualClock(1_800_000_000_000)
  const refusals: string[] = []
  const orders = aggregate({ rows: memoryRows<Order>({ name: 'orders', key: ({ key }) => key }) })
  const rule = {
    key: ({ key }: Order) => key,
    decide: (_state: unknown, order: Order) => ({ outcome: succeeded(), state: order }),
  }
  const pay = effect(shop.pay, {
    provider: 'bank',
    timeoutMs: 1_000,
    call: async () => {
      throw new Error('no answer')
    },
  })
  deployment.isRepaired = false
  const host = await createHost({
    service: 'shop',
    database: memoryDatabase({ name: 'shop', clock }),
    bus: sharedMemoryBus(),
    clock,
    ids: seededIds(1),
    plans: [paid, shipped],
    implementation: implement(shop, {
      pay,
      ship: orders.on(shop.ship, rule),
      tell: orders.on(shop.tell, rule),
    }),
    starts: true,
    pattern: 'choreography',
    observer: {
      topics: [TOPIC.history],
      record: async (_tx, messages) => {
        for (const message of messages)
          if (message.type === 'note' && message.note.type === 'cancel-refused')
            refusals.push(message.note.detail)
      },
    },
    settings: { retry: { delayMsMin: 100, delayMsMax: 1_000, attemptsMax: 2 } },
  })
  const pass = (ms: number): Promise<void> => clock.advance(ms)
  const done = async (work: Promise<unknown>): Promise<void> => {
    await pass(0)
    await work
    await pass(2_000)
  }
  await scene({ host, deployment, pass, done, refusals: () => refusals })
  const stopped = host.stop()
  await pass(5_000)
  await stopped
}

test('given a cancel noted on a call in doubt, when an operator says it was paid, it is refused aloud', async () => {
  await inShop(async ({ host, pass, done, refusals }) => {
    await done(host.start(paid, { id: '1', input: { key: 'a' } }))
    await pass(10_000)
    await done(host.cancel({ plan: 'paid', id: '1' }, { reason: 'changed my mind', by: 'customer' }))
    expect(refusals()).toEqual([])
    await done(host.supply('paid/1/pay/run', { outcome: succeeded(), by: 'ann' }))
    expect(refusals()).toEqual(["changed my mind: 'pay' had succeeded"])
  })
})

test('given a retriable whose next decision is parked, when a cancel comes, then it is refused aloud', async () => {
  await inShop(async ({ host, done, refusals }) => {
    await done(host.start(shipped, { id: '1', input: { key: 'a' } }))
    await done(host.cancel({ plan: 'shipped', id: '1' }, { reason: 'changed my mind', by: 'customer' }))
    expect(refusals()).toEqual(['changed my mind: past the point of no return'])
  })
})
