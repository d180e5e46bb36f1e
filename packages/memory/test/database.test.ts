import { manualClock, memoryDatabase, memoryEntries, memoryRows, MemoryError } from '@ensemble/memory'
import type { Database } from '@ensemble/runtime'
import { expect, test } from 'vitest'

interface Thing {
  id: string
  tags: string[]
}

const open = (name = 'order'): Database => memoryDatabase({ name, clock: manualClock(1000) })
const things = memoryRows<Thing>({ name: 'things', key: ({ id }) => id })
const entries = memoryEntries<{ id: string; amount: number }>({ name: 'entries', key: ({ id }) => id })

test('SQL is refused with a clear error, inside and outside a transaction', async () => {
  const database = open()
  const refusal = new MemoryError(
    'SQL',
    'the memory database has no SQL: use its stores, memoryRows and memoryEntries',
  )
  await expect(database.query('select 1')).rejects.toEqual(refusal)
  await expect(database.transaction((tx) => tx.query('select 1'))).rejects.toEqual(refusal)
})

test('nothing is shared with callers: neither what was stored nor what was loaded', async () => {
  const database = open()
  const mine = { id: 'a', tags: ['stored'] }
  await database.transaction((tx) => things.insert(tx, [{ key: 'a', state: mine }]))
  mine.tags.push('changed after storing')
  await database.transaction(async (tx) =>
    (await things.load(tx, ['a'])).get('a')?.tags.push('changed after loading'),
  )
  expect(await things.all(database)).toEqual(new Map([['a', { id: 'a', tags: ['stored'] }]]))
})

test('a transaction of one database is refused by the stores of another', async () => {
  const [order, payment] = [open('order'), open('payment')]
  const work = order.transaction((tx) => payment.stores.claims.insert(tx, [{ value: 'a', owner: 'o' }]))
  await expect(work).rejects.toEqual(
    new MemoryError('SQL', "claims: this transaction is of another database, 'order'"),
  )
})

test('one table object keeps the rows of each database apart', async () => {
  const [order, payment] = [open('order'), open('payment')]
  await order.transaction((tx) => things.insert(tx, [{ key: 'a', state: { id: 'a', tags: [] } }]))
  expect([(await things.all(order)).size, (await things.all(payment)).size]).toEqual([1, 0])
})

test('a state under the key of another is refused', async () => {
  const work = open().transaction((tx) => things.insert(tx, [{ key: 'b', state: { id: 'a', tags: [] } }]))
  await expect(work).rejects.toEqual(new MemoryError('SQL', "things: the state of 'a' was stored as 'b'"))
})

test('entries of one key raise UNIQUE; those appended stay in order', async () => {
  const database = open()
  await database.transaction((tx) =>
    entries.append(tx, [
      { id: 'z', amount: 1 },
      { id: 'a', amount: 2 },
    ]),
  )
  await expect(database.transaction((tx) => entries.append(tx, [{ id: 'z', amount: 3 }]))).rejects.toEqual(
    new MemoryError('UNIQUE', "entries: 'z' is already there"),
  )
  expect(await entries.all(database)).toEqual([
    { id: 'z', amount: 1 },
    { id: 'a', amount: 2 },
  ])
})

test('transactions run one after the other, in the order they were asked for, whatever becomes of them', async () => {
  const database = open()
  const seen: string[] = []
  const run = async (name: string, fails: boolean): Promise<void> => {
    await database.transaction(async () => {
      seen.push(`${name} begins`)
      await new Promise(setImmediate)
      seen.push(`${name} ends`)
      if (fails) throw new Error(name)
    })
  }
  await Promise.allSettled([run('first', true), run('second', false), run('third', false)])
  expect(seen).toEqual(['first', 'second', 'third'].flatMap((name) => [`${name} begins`, `${name} ends`]))
})

test('after a failed statement every further one fails with the same error until the transaction ends', async () => {
  const database = open()
  const claim = [{ value: 'a', owner: 'o' }]
  const later: unknown[] = []
  const work = database.transaction(async (tx) => {
    await database.stores.claims.insert(tx, [...claim, ...claim]).catch(() => undefined)
    await database.stores.claims.load(tx, ['a']).catch((error: unknown) => later.push(error))
  })
  await expect(work).rejects.toEqual(new MemoryError('UNIQUE', "claims: 'a' is already there"))
  expect(later).toEqual([new MemoryError('UNIQUE', "claims: 'a' is already there")])
})
