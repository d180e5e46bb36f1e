// A process was stopped while one of its hosts registered its plans. The server ended the transaction, as it should,
// and when the process went on the host gave up instead of registering again. Found by the crash points (a stop before
// the first batch of another host).
import { command, participant, saga, type Schema } from '@ensemble/core'
import { manualClock, memoryDatabase, MemoryError, seededIds, sharedMemoryBus } from '@ensemble/memory'
import { createHost, type Database } from '@ensemble/runtime'
import { expect, test } from 'vitest'

interface Order {
  readonly key: string
}
const Ordered: Schema<Order> = {
  '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value: value as Order }) },
}
const shop = participant('shop', { ship: command({ input: Ordered }) })
const sale = saga('sale', { version: 1, input: Ordered })
  .retriable('ship', { run: shop.ship(({ input }) => input) })
  .end({ completed: () => null, compensated: () => null })

/** Ends the first transactions before they do anything. */
function interrupted(database: Database, count: number): Database {
  let left = count
  return {
    ...database,
    transaction: async (work) => {
      left -= 1
      if (left >= 0) throw new MemoryError('TIMEOUT', 'the transaction was idle for too long')
      return await database.transaction(work)
    },
  }
}

test.each([
  [1, 'started'],
  [2, 'TIMEOUT'],
] as const)('given %d transactions that the server ends, a host that starts is %s', async (count, what) => {
  const clock = manualClock(1_800_000_000_000)
  const database = memoryDatabase({ name: 'desk', clock })
  const starting = createHost({
    service: 'desk',
    database: interrupted(database, count),
    bus: sharedMemoryBus(),
    clock,
    ids: seededIds(1),
    plans: [sale],
    starts: true,
  }).then(
    async (host) => {
      const stopped = host.stop()
      await clock.advance(5_000)
      await stopped
      return 'started'
    },
    (error: unknown) => (error instanceof MemoryError ? error.code : String(error)),
  )
  await clock.advance(0)
  expect(await starting).toBe(what)
})
