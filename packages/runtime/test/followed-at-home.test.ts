// Scenes: who follows an event of a service at home with him does so in the transaction that says it, once; what one
// service asks another there does not go over the bus.
import { expect, test } from 'vitest'
import { command, participant, saga, succeeded, TOPIC, type Message } from '@ensemble/core'
import { manualClock, memoryDatabase, memoryEntries, memoryRows, sharedMemoryBus } from '@ensemble/memory'
import { aggregate, createHost, implement, type Implementation } from '@ensemble/runtime'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { z } from 'zod'
import { PATTERNS_BOTH, T0 } from './world.ts'

const Step = z.object({ key: z.string() })
const Paid = z.object({ paidAt: z.unknown() })
const shop = participant('shop', { pay: command({ input: Step, output: Paid, event: 'paid' }) })
const books = participant('books', { note: command({ input: Step }) })

const plan = saga('sold', { version: 1, input: Step })
  .retriable('s1', { run: shop.pay(({ input }) => ({ key: input.key })) })
  .end()
const entries = memoryEntries<string>({ name: 'noted' })

function shopImplementation(): Implementation {
  const things = aggregate({
    rows: memoryRows<{ readonly key: string }>({ name: 'thing', key: ({ key }) => key }),
  })
  const date = new Date(0)
  return implement(shop, {
    pay: things.on(shop.pay, {
      key: ({ key }) => key,
      decide: () => ({ outcome: succeeded({ paidAt: date }) }),
    }),
  })
}

function booksImplementation(): Implementation {
  const notes = aggregate<{ readonly key: string }, Record<never, never>, string>({
    rows: memoryRows({ name: 'note', key: ({ key }) => key }),
    entries,
  })
  const follow = notes.follow('shop.paid', Paid, {
    key: () => 'all',
    decide: (_, { paidAt }) => ({
      outcome: succeeded(),
      state: { key: 'all' },
      entries: [`paid ${typeof paidAt}`],
    }),
  })
  const note = notes.on(books.note, { key: () => 'all', decide: () => ({ outcome: succeeded() }) })
  return implement(books, { note }, { follows: [follow] })
}

test.each(PATTERNS_BOTH)('given a service that follows another one of its process (%s)', async (pattern) => {
  const clock = manualClock(T0)
  const database = memoryDatabase({ name: 'shop', clock })
  const bus = sharedMemoryBus({ partitions: 1 })
  const at = { database, bus, clock, plans: [plan] }
  const host = await createHost({
    ...at,
    service: 'shop',
    implementation: shopImplementation(),
    starts: true,
    orchestrates: true,
  })
  const follower = await createHost({
    ...at,
    service: 'books',
    implementation: booksImplementation(),
  })
  const seen: Message[] = []
  const witness = await createHost({
    service: 'witness',
    database: memoryDatabase({ name: 'witness', clock }),
    bus,
    clock,
    observer: {
      topics: [TOPIC.commands('shop'), TOPIC.events('shop'), TOPIC.started],
      record: async (_tx, messages) => void seen.push(...messages),
    },
  })
  // The first batch after a start is handled alone.
  const first = host.start(plan, { id: 'first', input: { key: 'first' }, pattern })
  await clock.advance(70_000)
  await first
  expect(await entries.all(database)).toEqual(['paid string'])
  seen.length = 0
  const performed: unknown[] = []
  const perform = (told: unknown): void => void performed.push(told)
  subscribe('ensemble:perform', perform)
  // The clock stands still: all of it is done in the transaction of the start.
  await host.start(plan, { id: 'x', input: { key: 'x' }, pattern })
  expect(await entries.all(database)).toEqual(['paid string', 'paid string'])
  await clock.advance(70_000)
  unsubscribe('ensemble:perform', perform)
  expect(performed).toEqual([
    { service: 'shop', count: 1 },
    { service: 'books', count: 1 },
  ])
  expect(
    seen.flatMap(({ type, followedBy = [] }) => (type === 'start' ? [] : [[type, ...followedBy]])),
  ).toEqual([['event', 'books']])
  const stopped = Promise.all([host, follower, witness].map((one) => one.stop()))
  await clock.advance(5_000)
  await stopped
})
