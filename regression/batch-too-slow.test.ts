// A batch whose work together took longer than the transaction's bound failed as TIMEOUT, which counted as "the
// database is away": it came again as large as before, for ever, and its partitions stood still.
import { command, participant, saga, succeeded, type Schema } from '@ensemble/core'
import {
  manualClock,
  memoryDatabase,
  MemoryError,
  memoryRows,
  seededIds,
  sharedMemoryBus,
} from '@ensemble/memory'
import { aggregate, createHost, implement, type Bus } from '@ensemble/runtime'
import { expect, test } from 'vitest'

const SAGAS = 40
const Anything: Schema<{ readonly key: string }> = {
  '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value: value as { key: string } }) },
}
const shop = participant('shop', { sell: command({ input: Anything }) })
const sale = saga('sale', { version: 1, input: Anything })
  .retriable('sell', { run: shop.sell(({ input }) => input) })
  .end({ completed: () => null, compensated: () => null })
const rows = memoryRows<{ readonly key: string }>({ name: 'sold', key: ({ key }) => key })
const sell = aggregate({ rows }).on(shop.sell, {
  key: ({ key }) => key,
  decide: (_state, { key }) => ({ outcome: succeeded(), state: { key } }),
})

/** More messages than that in a batch take too long. */
function slow(bus: Bus, countInTime: number): Bus {
  return {
    connect: async (what) => {
      const link = await bus.connect(what)
      return {
        transaction: (work) => link.transaction(work),
        receive: (countMax, handle) =>
          link.receive(countMax, async (tx, batch) => {
            const messages = await handle(tx, batch)
            if (batch.length > countInTime) throw new MemoryError('TIMEOUT', 'the transaction took too long')
            return messages
          }),
        put: (tx, messages) => link.put(tx, messages),
        relay: () => link.relay(),
        onNews: (news) => link.onNews(news),
        close: () => link.close(),
      }
    },
  }
}

test('a batch that takes too long comes again in smaller parts until all is done', async () => {
  const clock = manualClock(1_800_000_000_000)
  const bus = sharedMemoryBus({ partitions: 1 })
  const at = { clock, ids: seededIds(1), plans: [sale] }
  const desk = memoryDatabase({ name: 'desk', clock })
  const starter = await createHost({ ...at, bus, service: 'desk', database: desk, starts: true })
  const pattern = 'choreography'
  const starts = Promise.all(
    Array.from({ length: SAGAS }, (_, index) => {
      const key = `x${index}`
      return starter.start(sale, { id: key, input: { key }, pattern })
    }),
  )
  await clock.advance(0)
  await starts
  const database = memoryDatabase({ name: 'shop', clock })
  const implementation = implement(shop, { sell })
  const worker = await createHost({ ...at, bus: slow(bus, 10), service: 'shop', database, implementation })
  await clock.advance(60_000)
  const sold = (await rows.all(database)).size
  const stopped = Promise.all([starter.stop(), worker.stop()])
  await clock.advance(5_000)
  await stopped
  expect(sold).toBe(SAGAS)
})
