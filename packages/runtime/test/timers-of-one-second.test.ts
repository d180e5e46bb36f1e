// Two timers that a batch sets for one second share a row, in the order in which they were set: a saga's deadline was
// handled before what its step waited for, although that was due first. Orchestrated, the two are in rows of their own:
// the saga was compensated in one pattern and completed in the other. Found by the simulator (seed 613823450).
import { type Message, TOPIC } from '@ensemble/core'
import { manualClock, memoryDatabase } from '@ensemble/memory'
import { expect, test } from 'vitest'
import { storeScheduled } from '../src/perform/store.ts'

const T0 = 1_800_000_000_000

const timer = (id: string, at: number): { readonly dueAt: number; readonly message: Message } => ({
  dueAt: at,
  message: { type: 'timer', id, topic: TOPIC.commands('a'), key: id, name: id, at, data: null, saga: null },
})

test('what is due within a second is woken in the order in which it is due', async () => {
  const clock = manualClock(T0)
  const database = memoryDatabase({ name: 'a', clock })
  const set = [timer('deadline', T0 + 5_000), timer('late', T0 + 5_001), timer('wait-over', T0 + 4_521)]
  await database.transaction(async (tx) => storeScheduled(tx, set, database.stores))
  await clock.advance(5_000)
  const due = await database.transaction((tx) => database.stores.scheduled.takeDue(tx, 10))
  expect(due.map(({ id }) => id)).toEqual(['wait-over', 'deadline'])
})
