// Scenes: messages of the own process of which the reader has said that they mean nothing to it.
import type { Link } from '@ensemble/runtime'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { sharedBus } from '../src/bus/shared.ts'
import { engineKit, timer } from './engine-kit.ts'
import type { Kit } from './engine-kit.ts'

let kit: Kit
let reader: Link
beforeEach(async () => {
  kit = await engineKit('passed-over')
  const { database } = kit
  reader = await sharedBus({ partitions: 1 }).connect({ service: 'reader', database, topics: ['t'] })
})
afterEach(() => kit.end())

/** Sends these together and receives what there is. */
async function after(...ids: readonly string[]): Promise<readonly (readonly string[])[]> {
  await reader.transaction(async () => ({
    value: undefined,
    messages: ids.map((id) => timer('t', 'k', id)),
  }))
  const batches: string[][] = []
  let count = 1
  while (count > 0) {
    count = await reader.receive(100, async (_tx, batch) => {
      batches.push(batch.map((one) => (one.ok ? one.message.id : one.reason)))
      return []
    })
  }
  return batches
}

test('given such messages, when received, then nothing is delivered and the cursor moves past them', async () => {
  reader.onNews((messages) => messages?.some(({ id }) => !id.startsWith('no')) !== false)
  // The first time it looks into the log, where everything is.
  expect(await after('no1')).toEqual([['no1']])
  // What was sent together is passed over together.
  expect([await after('no2', 'no3'), await after('no4', 'a'), await after('b')]).toEqual([
    [],
    [['no4', 'a']],
    [['b']],
  ])
  const { rows } = await kit.database.query(`SELECT next_offset FROM bus.log_cursor WHERE topic = 't'`, [])
  expect(rows.map((row) => Number(row['next_offset']))).toEqual([6])
})
