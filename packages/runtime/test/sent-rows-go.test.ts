// The rows of an outbox whose messages were sent: they go with the next transaction that
// says something, else by a sweep, else at the end.
import type { EventMessage } from '@ensemble/core'
import { manualClock, memoryBus, memoryDatabase, seededIds } from '@ensemble/memory'
import { outboxed } from '@ensemble/runtime'
import { expect, test } from 'vitest'
import { T0 } from './world.ts'

/** After which another process would send what is left. */
const LEFT_BEHIND_MS = 5_000

const event = (key: string): EventMessage => ({
  type: 'event',
  id: `event of ${key}`,
  topic: 'a.events',
  key,
  name: 'a.done',
  source: 'a',
  at: T0,
  data: null,
  saga: null,
  operation: null,
  answer: null,
  slip: null,
  again: 0,
})

async function connected() {
  const clock = manualClock(T0)
  const database = memoryDatabase({ name: 'a', clock })
  const bus = outboxed(memoryBus({ partitions: 1 }), seededIds(1))
  const link = await bus.connect({ service: 'a', database, topics: [] })
  const say = (key: string) =>
    link.transaction(async () => ({ value: undefined, messages: key === '' ? [] : [event(key)] }))
  /** The keys of what another process would send again. */
  const left = async (): Promise<readonly string[]> => {
    await clock.advance(LEFT_BEHIND_MS)
    const rows = await database.stores.outbox.claim(database, { countMax: 10, claimAfterMs: 0 })
    return rows.flatMap(({ messages }) => messages.map(({ key }) => key))
  }
  return { link, say, left, outbox: database.stores.outbox }
}

test('a row goes with the next transaction that has one to store, that of the last one waits', async () => {
  const { say, left } = await connected()
  for (const key of ['1', '2', '3']) await say(key)
  expect(await left()).toEqual(['3'])
})

test('a transaction that says nothing is none for a row that could wait', async () => {
  const { say, left, outbox } = await connected()
  let removals = 0
  const remove = outbox.remove.bind(outbox)
  outbox.remove = (...rows) => {
    removals += 1
    return remove(...rows)
  }
  await say('1')
  await say('')
  expect(removals).toBe(0)
  expect(await left()).toEqual(['1'])
})

test.each(['relay', 'close'] as const)('where no transaction follows it goes with %s', async (verb) => {
  const { link, say, left } = await connected()
  await say('1')
  await link[verb]()
  expect(await left()).toEqual([])
})

test('where the next transaction fails it goes with the one after that', async () => {
  const { link, say, left } = await connected()
  await say('1')
  await expect(link.transaction(() => Promise.reject(new Error('no')))).rejects.toThrow('no')
  await say('2')
  expect(await left()).toEqual(['2'])
})

test.each(['transaction', 'sweep'] as const)(
  'where a %s cannot remove it, the next one does',
  async (verb) => {
    const { link, say, left, outbox } = await connected()
    const remove = outbox.remove.bind(outbox)
    await say('1')
    outbox.remove = () => Promise.reject(new Error('away'))
    await expect(verb === 'sweep' ? link.relay() : say('2')).rejects.toThrow('away')
    outbox.remove = remove
    await say('3')
    expect(await left()).toEqual(['3'])
  },
)
