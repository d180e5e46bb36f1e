// Scenes: messages of the own process of which the reader has said that they mean nothing to it.
import type { Link } from '@ensemble/runtime'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { sharedBus } from '../src/bus/shared.ts'
import { PROFILES } from '../src/profile.ts'
import { engineKit, timer } from './engine-kit.ts'
import type { Kit } from './engine-kit.ts'

let kit: Kit
let reader: Link
beforeEach(async () => {
  kit = await engineKit('passed-over')
  reader = await readerOn(kit.database)
})
afterEach(() => kit.end())

async function readerOn(database: Kit['database']): Promise<Link> {
  const link = await sharedBus({ partitions: 1 }).connect({ service: 'reader', database, topics: ['t'] })
  link.onNews((messages) => messages?.some(({ id }) => !id.startsWith('no')) !== false)
  return link
}

async function send(link: Link, ids: readonly string[]): Promise<void> {
  const messages = ids.map((id) => timer('t', 'k', id))
  await link.transaction(async () => ({ value: undefined, messages }))
}

/** Sends these together and receives what there is. */
async function after(...ids: readonly string[]): Promise<readonly (readonly string[])[]> {
  await send(reader, ids)
  return await received()
}

async function received(): Promise<readonly (readonly string[])[]> {
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

test('given a database that tells nobody, when there are only such, then what is behind them is found', async () => {
  const profile = { ...PROFILES.postgres, canListen: false }
  reader = await readerOn(await kit.open({ profile }))
  expect(await after('a')).toEqual([['a']])
  await send(reader, ['no1'])
  await send(await readerOn(kit.database), ['b'])
  expect(await received()).toEqual([['b']])
})
