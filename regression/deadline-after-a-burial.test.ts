// A choreographed saga lost its deadline when an older program, which did not know its plan, buried its start: that
// made the first step's row, and the newer program took the deadline for set. Found by the simulator (two versions of a
// plan, and a worker that dies in a loop).
import {
  command,
  participant,
  saga,
  succeeded,
  TOPIC,
  type Message,
  type Plan,
  type Schema,
} from '@ensemble/core'
import { manualClock, memoryDatabase, memoryRows, seededIds, sharedMemoryBus } from '@ensemble/memory'
import { aggregate, createHost, implement, type Bus, type Host, type Link } from '@ensemble/runtime'
import { expect, test } from 'vitest'

interface Order {
  readonly key: string
}
const Ordered: Schema<Order> = {
  '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value: value as Order }) },
}
const shop = participant('shop', {
  ship: command({ input: Ordered }),
  thank: command({ input: Ordered }),
})
const planOf = (version: number): Plan<Order> =>
  saga('sale', { version, input: Ordered, within: '10s' })
    .retriable(`ship${version}`, { run: shop.ship(({ input }) => input) })
    .retriable(`thank${version}`, { run: shop.thank(({ input }) => input) })
    .end({ completed: () => null, compensated: () => null })
const [first, second] = [planOf(1), planOf(2)]

function receiving(bus: Bus, receive: (link: Link) => Link['receive']): Bus {
  return {
    connect: async (what) => {
      const link = await bus.connect(what)
      return {
        transaction: (work) => link.transaction(work),
        put: (tx, messages) => link.put(tx, messages),
        relay: () => link.relay(),
        onNews: (news) => link.onNews(news),
        close: () => link.close(),
        receive: receive(link),
      }
    },
  }
}

const nothing = (bus: Bus): Bus => receiving(bus, () => async () => 0)

/** A start cannot be handled, but buried. */
function breaking(bus: Bus): Bus {
  let hasFailed = false
  return receiving(
    bus,
    (link) => (countMax, handle) =>
      link.receive(countMax, async (tx, batch) => {
        const messages = await handle(tx, batch)
        if (hasFailed || !batch.some((one) => one.ok && one.message.type === 'start')) return messages
        hasFailed = true
        throw new Error('this cannot be stored')
      }),
  )
}

test('given a start that an older program buried, then its deadline is set when a newer one handles it', async () => {
  const clock = manualClock(1_800_000_000_000)
  const [bus, database] = [sharedMemoryBus(), memoryDatabase({ name: 'shop', clock })]
  const orders = aggregate({ rows: memoryRows<Order>({ name: 'orders', key: ({ key }) => key }) })
  const key = (order: Order): string => order.key
  const ship = orders.on(shop.ship, {
    key,
    decide: (_state, order) => ({ outcome: succeeded(), state: order }),
  })
  const thank = orders.on(shop.thank, {
    key,
    decide: () => {
      throw new Error('not before the deadline')
    },
  })
  const told: Message[] = []
  const program = (plans: readonly Plan[], over: Bus): Promise<Host> =>
    createHost({
      service: 'shop',
      database,
      bus: over,
      clock,
      ids: seededIds(1),
      plans,
      implementation: implement(shop, { ship, thank }),
      starts: true,
      pattern: 'choreography',
      observer: { topics: [TOPIC.history], record: async (_tx, messages) => void told.push(...messages) },
      settings: { batchCountMax: 1, retry: { delayMsMin: 1_000, delayMsMax: 4_000, attemptsMax: 5 } },
    })
  const during = async (host: Host, ms: number): Promise<void> => {
    await clock.advance(ms)
    const stopped = host.stop()
    await clock.advance(5_000)
    await stopped
  }
  const starting = await program([first, second], nothing(bus))
  const started = starting.start(second, { id: '1', input: { key: 'a' } })
  await clock.advance(0)
  await started
  await during(starting, 0)
  await during(await program([first], breaking(bus)), 500)
  const buried = database.stores.deadLetters.list(database, 10)
  await clock.advance(0)
  expect((await buried).map(({ reason }) => reason)).toEqual(['UNHANDLED'])
  await during(await program([first, second], bus), 30_000)
  const notes = told.flatMap((message) => (message.type === 'note' ? [message.note.type] : []))
  expect(notes).toContain('cancel-refused')
})
