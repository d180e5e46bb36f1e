// A deferred write that failed before its statement was sent (a row that cannot be encoded) did not stop COMMIT: the
// rest of the batch, its position and its answers stood without that row.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { failureOf, rowsOf, scene, type Scene } from './support.ts'
import { tableRows, type Database } from '../src/index.ts'

let place: Scene
let database: Database

beforeAll(async () => {
  place = await scene('unsent')
  database = await place.open()
  await database.query('create table kept (id text primary key)')
  await database.query('create table dated (id text primary key, at text not null)')
})
afterAll(() => place.end())

const INSERT = 'insert into kept (id) values ($1::text)'
const kept = () => rowsOf(place.outside, 'select id from kept')

test('a deferred row that cannot be encoded: nothing is committed', async () => {
  const dated = tableRows<{ id: string; at: number }>({
    name: 'dated',
    load: { name: 'dated_load', text: 'select id, at from dated where id = any ($1::text[]) for update' },
    insert: {
      name: 'dated_insert',
      text: 'insert into dated (id, at) select r.id, r.at from jsonb_to_recordset($1::jsonb) as r (id text, at text)',
    },
    update: { name: 'dated_update', text: 'update dated set at = at returning id' },
    decode: (row) => ({ id: String(row['id']), at: Date.parse(String(row['at'])) }),
    key: ({ id }) => id,
    encode: ({ id, at }) => ({ id, at: new Date(at).toISOString() }),
  })
  const state = { id: 'a', at: Number.NaN }
  const work = database.transaction(async (tx) => {
    tx.defer(tx.query(INSERT, ['a']))
    tx.defer(dated.insert(tx, [{ key: 'a', state }]))
  })
  await expect(work).rejects.toThrow('Invalid time value')
  expect(await kept()).toEqual([])
})

test('a deferred statement whose values the driver cannot encode: nothing is committed', async () => {
  const circular: Record<string, unknown> = {}
  circular['self'] = circular
  const failure = await failureOf(
    database.transaction(async (tx) => {
      tx.defer(tx.query(INSERT, ['b']))
      tx.defer(tx.query(INSERT, [circular]))
    }),
  )
  expect(failure).toMatchObject({ code: 'SQL' })
  expect(await kept()).toEqual([])
})
