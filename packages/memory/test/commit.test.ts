import type { Message } from '@ensemble/core'
import { manualClock, memoryDatabase, sharedMemoryBus } from '@ensemble/memory'
import { expect, test } from 'vitest'

const note = (id: string): Message => ({
  id,
  topic: 't',
  key: 'k',
  type: 'timer',
  name: 'n',
  at: 1,
  data: null,
  saga: null,
})
const tooLate = (): Promise<never> => Promise.reject(new Error('too late'))

test('a failure that comes only at the commit leaves rows, messages and position as they were', async () => {
  const database = memoryDatabase({ name: 'order', clock: manualClock(1000) })
  const link = await sharedMemoryBus().connect({ service: 'order', database, topics: ['t'] })
  await link.transaction(async () => ({ value: null, messages: [note('m1')] }))
  const told: string[] = []
  const work = link.receive(10, async (tx) => {
    tx.defer(tooLate())
    tx.onCommit(() => told.push('committed'))
    await database.stores.claims.insert(tx, [{ value: 'a', owner: 'me' }])
    return [note('ghost')]
  })
  await expect(work).rejects.toThrow('too late')
  const seen: string[] = []
  const count = await link.receive(10, async (tx, batch) => {
    seen.push(...batch.map((one) => (one.ok ? one.message.id : one.reason)))
    seen.push(...(await database.stores.claims.load(tx, ['a'])).keys())
    return []
  })
  expect({ count, seen, told }).toEqual({ count: 1, seen: ['m1'], told: [] })
})

test('an action after the commit that fails does not make the commit look like a failure', async () => {
  const database = memoryDatabase({ name: 'order', clock: manualClock(1000) })
  const warned = new Promise<string>((resolve) => process.once('warning', ({ message }) => resolve(message)))
  const value = await database.transaction(async (tx) => {
    tx.onCommit(() => {
      throw new Error('nobody listens')
    })
    return 'stored'
  })
  expect([value, await warned]).toEqual(['stored', 'onCommit: nobody listens'])
})
