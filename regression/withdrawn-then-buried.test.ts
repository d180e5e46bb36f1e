// A choreographed saga was cancelled before its start was handled, and the start could not be handled: it was buried,
// and with it the slip that says who is next. The row, withdrawn already, waited for that slip for ever. Found by the
// simulator (a start that kills its reader, and a cancel).
import { command, participant, saga, succeeded, type Schema } from '@ensemble/core'
import {
  manualClock,
  memoryDatabase,
  MemoryError,
  memoryRows,
  seededIds,
  sharedMemoryBus,
} from '@ensemble/memory'
import { aggregate, createHost, implement, type Bus, type Delivered } from '@ensemble/runtime'
import { expect, test } from 'vitest'

interface Order {
  readonly key: string
}
const Ordered: Schema<Order> = {
  '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value: value as Order }) },
}
const shop = participant('shop', {
  reserve: command({ input: Ordered }),
  release: command({ input: Ordered }),
})
const sale = saga('sale', { version: 1, input: Ordered })
  .compensatable('reserve', {
    run: shop.reserve(({ input }) => input),
    undo: shop.release(({ input }) => input),
  })
  .end({ completed: () => null, compensated: ({ because }) => because.reason })

const orders = aggregate({ rows: memoryRows<Order>({ name: 'orders', key: ({ key }) => key }) })
const rule = {
  key: ({ key }: Order) => key,
  decide: (_state: unknown, order: Order) => ({ outcome: succeeded(), state: order }),
}

/** The start fails once it is handled, and does not come again before the cancel was handled. */
function breaking(bus: Bus): Bus {
  let hasFailed = false
  let isWithdrawn = false
  const has = (batch: readonly Delivered[], type: string): boolean =>
    batch.some((delivered) => delivered.ok && delivered.message.type === type)
  return {
    connect: async (what) => {
      const link = await bus.connect(what)
      return {
        transaction: (work) => link.transaction(work),
        put: (tx, messages) => link.put(tx, messages),
        relay: () => link.relay(),
        onNews: (news) => link.onNews(news),
        close: () => link.close(),
        receive: (countMax, handle) =>
          link.receive(countMax, async (tx, batch) => {
            if (has(batch, 'start') && hasFailed && !isWithdrawn)
              throw new MemoryError('CONNECTION', 'not now')
            const messages = await handle(tx, batch)
            if (has(batch, 'start') && (countMax > 1 || !hasFailed)) {
              hasFailed = countMax === 1
              throw new Error('this cannot be stored')
            }
            if (has(batch, 'withdraw')) isWithdrawn = true
            return messages
          }),
      }
    },
  }
}

test('the buried start passes the turn of a run that was withdrawn before', async () => {
  const clock = manualClock(1_800_000_000_000)
  const database = memoryDatabase({ name: 'shop', clock })
  const host = await createHost({
    service: 'shop',
    database,
    bus: breaking(sharedMemoryBus()),
    clock,
    ids: seededIds(1),
    plans: [sale],
    implementation: implement(shop, {
      reserve: orders.on(shop.reserve, rule),
      release: orders.on(shop.release, rule),
    }),
    settings: { pollMs: 500, sweepMs: 500, batchCountMax: 8 },
    starts: true,
    pattern: 'choreography',
  })
  const done = async (work: Promise<unknown>): Promise<void> => {
    await clock.advance(0)
    await work
  }
  await done(host.start(sale, { id: '1', input: { key: 'a' } }))
  await done(host.cancel({ plan: 'sale', id: '1' }, { reason: 'changed my mind', by: 'customer' }))
  await clock.advance(20_000)
  const status = host.status({ plan: 'sale', id: '1' })
  const letters = database.stores.deadLetters.list(database, 10)
  await clock.advance(0)
  expect([(await status)?.status, (await status)?.data]).toEqual(['compensated', 'changed my mind'])
  expect((await letters).map(({ reason }) => reason)).toEqual(['UNHANDLED'])
  const stopped = host.stop()
  await clock.advance(5_000)
  await stopped
})
