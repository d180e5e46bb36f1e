// A timer, or a row of the outbox, that a newer instance had written, of a type that this one does not know, could not
// be taken, and nothing behind it was: every timer and every message of the service stood still.
import type { Message } from '@ensemble/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { engineKit, timer, type Kit } from './engine-kit.ts'

const NEWER = { ...timer('t', 'k', 'newer'), type: 'newer' } as unknown as Message
const KNOWN = timer('t', 'k', 'known')

let kit: Kit
beforeAll(async () => {
  kit = await engineKit('newer')
})
afterAll(() => kit.end())

test('a scheduled message of an unknown type is moved as it is, and so is what is due behind it', async () => {
  const { database } = kit
  const { scheduled } = database.stores
  await database.transaction((tx) =>
    scheduled.insert(tx, [
      { dueAt: 1_000, messages: [NEWER] },
      { dueAt: 2_000, messages: [KNOWN] },
    ]),
  )
  expect(await database.transaction((tx) => scheduled.takeDue(tx, 10))).toEqual([NEWER, KNOWN])
})

test('a row of the outbox with an unknown type is claimed as it is, and so is the next', async () => {
  const { database } = kit
  const { outbox } = database.stores
  await outbox.insert(database, { id: '1', messages: [NEWER], claimAfterMs: 0 })
  await outbox.insert(database, { id: '2', messages: [KNOWN], claimAfterMs: 0 })
  expect(await outbox.claim(database, { countMax: 10, claimAfterMs: 0 })).toEqual([
    { id: '1', messages: [NEWER] },
    { id: '2', messages: [KNOWN] },
  ])
})
