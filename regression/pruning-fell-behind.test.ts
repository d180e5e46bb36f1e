// Pruning ended after a million rows of a kind and came back an hour later: with 300 sagas a second the tables grew for
// ever. It could not be stopped in between either. Found by reading.
import { command, participant, succeeded, type Schema } from '@ensemble/core'
import { manualClock, memoryDatabase, seededIds, sharedMemoryBus } from '@ensemble/memory'
import { createHost, implement, transaction } from '@ensemble/runtime'
import { expect, test } from 'vitest'

const Nothing: Schema<null> = {
  '~standard': { version: 1, vendor: 'test', validate: () => ({ value: null }) },
}
const shop = participant('shop', { note: command({ input: Nothing }) })

const ROWS_OF_TRANSACTION = 1_000

/** Of whose operations so many are past their time; each transaction deletes as many as it may. */
async function hostWith(oldCount: number) {
  const clock = manualClock(1_800_000_000_000)
  const database = memoryDatabase({ name: 'shop', clock })
  const rows = { left: oldCount, onPrune: async (): Promise<void> => undefined, before: new Set<number>() }
  database.stores.operations.prune = async (_tx, { before, countMax }) => {
    rows.before.add(before)
    await rows.onPrune()
    const count = Math.min(countMax, rows.left)
    rows.left -= count
    return count
  }
  const host = await createHost({
    service: 'shop',
    database,
    bus: sharedMemoryBus(),
    clock,
    ids: seededIds(1),
    implementation: implement(shop, { note: transaction(shop.note, { handle: async () => succeeded() }) }),
  })
  return { host, rows, clock }
}

test('given more than a million rows that are past their time, then one pruning deletes all of them', async () => {
  const { host, rows } = await hostWith(1_000 * ROWS_OF_TRANSACTION + 1)
  expect(await host.prune()).toBe(1_000 * ROWS_OF_TRANSACTION + 1)
  expect(rows.left).toBe(0)
  await host.stop()
})

test('given a host that is stopped, then its pruning ends with the transaction that is under way', async () => {
  const { host, rows } = await hostWith(5 * ROWS_OF_TRANSACTION)
  let stopped: Promise<void> | undefined
  rows.onPrune = async () => {
    stopped ??= host.stop()
  }
  await host.prune()
  expect(rows.left).toBe(4 * ROWS_OF_TRANSACTION)
  await stopped
  await expect(host.prune()).rejects.toThrow("host 'shop' is stopped")
})

test('given a pruning that takes long, then it does not overtake the horizon that it moved first', async () => {
  const { host, rows, clock } = await hostWith(3 * ROWS_OF_TRANSACTION)
  const before = clock.now() - 30 * 86_400_000
  rows.onPrune = () => clock.advance(600_000)
  await host.prune()
  expect([...rows.before]).toEqual([before])
  await host.stop()
})
