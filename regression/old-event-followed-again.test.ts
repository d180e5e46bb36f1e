// An event, or a timer of one's own, that came again after its subscriber's row was pruned was followed a second time:
// the horizon covered commands only. Found by the simulator (runs in which hours pass and the log is read again).
import { command, pack, participant, succeeded, type Message, type Schema } from '@ensemble/core'
import {
  manualClock,
  memoryDatabase,
  memoryEntries,
  memoryRows,
  seededIds,
  sharedMemoryBus,
} from '@ensemble/memory'
import { aggregate, createHost, implement } from '@ensemble/runtime'
import { expect, test } from 'vitest'

const NOW = 1_800_000_000_000
const OLD = 40 * 86_400_000
const Keyed: Schema<{ readonly key: string }> = {
  '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value: value as { key: string } }) },
}
const counter = participant('counter', { count: command({ input: Keyed }) })

const base = { topic: 'shop.events', key: 'a', data: { key: 'a' }, saga: null } as const
const event = (id: string, at: number): Message => ({
  ...base,
  type: 'event',
  id,
  name: 'shop.sold',
  source: 'shop',
  at,
  operation: null,
  answer: null,
  slip: null,
  again: 0,
})
const timer = (id: string, at: number): Message => ({
  ...base,
  topic: 'counter.commands',
  type: 'timer',
  id,
  name: 'tick',
  at,
})

test('what was sent before the horizon and has no row is not followed: dead letter TOO_OLD', async () => {
  const clock = manualClock(NOW)
  const bus = sharedMemoryBus()
  const database = memoryDatabase({ name: 'counter', clock })
  const counted = memoryEntries<{ readonly operation: string }>({ name: 'counted' })
  const rows = memoryRows<{ readonly key: string }>({ name: 'rows', key: ({ key }) => key })
  const counts = aggregate<{ readonly key: string }, Record<never, never>, { readonly operation: string }>({
    rows,
    entries: counted,
  })
  const rule = {
    key: ({ key }: { readonly key: string }) => key,
    decide: (
      _state: unknown,
      { key }: { readonly key: string },
      { operation }: { readonly operation: string },
    ) => ({
      outcome: succeeded(),
      state: { key },
      entries: [{ operation }],
    }),
  }
  const implementation = implement(
    counter,
    { count: counts.on(counter.count, rule) },
    { follows: [counts.follow('shop.sold', Keyed, rule)], timers: [counts.timer('tick', Keyed, rule)] },
  )
  const host = await createHost({
    service: 'counter',
    database,
    bus,
    clock,
    ids: seededIds(1),
    implementation,
  })
  const moved = database.transaction((tx) => database.stores.registry.moveHorizon(tx, NOW - OLD + 10))
  await clock.advance(0)
  await moved
  for (const message of [
    event('old', NOW - OLD),
    timer('late', NOW - OLD),
    event('new', NOW - 5),
    timer('due', NOW - 5),
  ])
    bus.raw({ topic: message.topic, key: message.key, text: pack([message]) })
  await clock.advance(1_000)
  const done = (await counted.all(database)).map(({ operation }) => operation)
  const letters = await database.stores.deadLetters.list(database, 10)
  expect(done.toSorted()).toEqual(['due', 'new>counter/rows'])
  expect(letters.map(({ id, reason }) => `${id} ${reason}`).toSorted()).toEqual([
    'late! TOO_OLD',
    'old>counter/rows! TOO_OLD',
  ])
  const stopped = host.stop()
  await clock.advance(5_000)
  await stopped
})
