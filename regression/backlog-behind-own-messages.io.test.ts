// Found by measuring sagas with much data: a batch left the rest of a backlog in the log, and what the batch itself had
// sent was taken from memory next. As long as that went on, the backlog was read once in fifty batches, or when nothing
// came for a quarter of a second.
import { fileURLToPath } from 'node:url'
import type { Message } from '@ensemble/core'
import {
  BUS_MIGRATIONS,
  ENGINE_MIGRATIONS,
  engineDatabase,
  migrate,
  openDatabase,
  sharedBus,
  type EngineDatabase,
} from '@ensemble/postgres'
import { freshDatabase, type TestDatabase } from '@ensemble/postgres/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'

let place: TestDatabase
let database: EngineDatabase
beforeAll(async () => {
  place = await freshDatabase('backlog')
  await migrate(place.url, { schema: 'bus', directory: fileURLToPath(BUS_MIGRATIONS), direction: 'up' })
  await migrate(place.url, { schema: 'shop', directory: fileURLToPath(ENGINE_MIGRATIONS), direction: 'up' })
  database = engineDatabase(await openDatabase({ name: 'shop', url: place.url, schema: 'shop' }))
})
afterAll(async () => {
  await database.close()
  await place.drop()
})

const BACKLOG = 250
const message = (topic: string, id: string): Message => ({
  type: 'timer',
  id,
  topic,
  key: 'k',
  name: 'tick',
  at: 1_700_000_000_000,
  data: null,
  saga: null,
})

test('a backlog is read on, whatever the reader itself sends meanwhile', async () => {
  const topics = ['backlog', 'own']
  const reader = await sharedBus({ partitions: 1 }).connect({ service: 'reader', database, topics })
  const sender = await sharedBus().connect({ service: 'sender', database, topics: [] })
  let rings = 0
  reader.onNews(() => {
    rings += 1
  })
  const send = (messages: readonly Message[]) =>
    sender.transaction(async () => ({ value: undefined, messages }))
  await send(topics.map((topic) => message(topic, `first of ${topic}`)))
  while ((await reader.receive(100, async () => [])) > 0);

  rings = 0
  await send(Array.from({ length: BACKLOG }, (_, index) => message('backlog', `b${index}`)))
  while (rings === 0) await database.query('SELECT pg_sleep(0.005)')
  const batches: number[] = []
  for (let round = 0; round < 4; round += 1) {
    await reader.receive(100, async (_tx, batch) => {
      batches.push(batch.filter(({ topic }) => topic === 'backlog').length)
      return [message('own', `answer ${round}`)]
    })
  }
  expect(batches).toEqual([100, 99, 51, 0])
  await Promise.all([reader.close(), sender.close()])
})
