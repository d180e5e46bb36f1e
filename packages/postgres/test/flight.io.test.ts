// Scenes: statements that travel together on a real server: who is answered what, and what stays usable after.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Database, Statement } from '../src/index.ts'
import { failureOf, rowsOf, scene } from './support.ts'
import type { Scene } from './support.ts'
import { wireTo } from './wire.ts'

const put: Statement = { name: 'put', text: 'insert into thing (id, size) values ($1::text, $2::int8)' }
const get: Statement = {
  name: 'get',
  text: 'select id, size from thing where id = any ($1::text[]) order by id',
}
const FAILS: Statement = { name: 'fails', text: 'select 1 / $1::int4 as one' }

let place: Scene
let database: Database

beforeAll(async () => {
  place = await scene('flight')
  await place.outside.query('create table thing (id text primary key, size int8 not null)')
})
beforeEach(async () => {
  await place.outside.query('delete from thing')
  database = await place.open({ sizeMax: 1 })
})
afterAll(() => place.end())

const things = () => rowsOf(place.outside, 'select id, size from thing order by id')
const session = async () => (await database.query('select pg_backend_pid() as pid')).rows[0]?.['pid']

test('given statements of one turn, then each gets its own answer, in order, the same one twice too', async () => {
  const answers = await database.transaction((tx) =>
    Promise.all([
      tx.query(put, ['a', 1]),
      tx.query(get, [['a', 'b']]),
      tx.query(put, ['b', 2]),
      tx.query(get, [['a', 'b']]),
      tx.query('select 1 as one where false'),
    ]),
  )
  expect(answers).toMatchObject([
    { count: 1, rows: [] },
    { count: 1, rows: [{ id: 'a', size: '1' }] },
    { count: 1, rows: [] },
    { count: 2, rows: [{ id: 'a' }, { id: 'b' }] },
    { count: 0, rows: [] },
  ])
})

test('given one that fails, then those before it were answered, those behind not executed, nothing stays', async () => {
  const before = await session()
  const answered: string[] = []
  const failure = await failureOf(
    database.transaction(async (tx) => {
      const all = [
        tx.query(put, ['a', 1]).then(() => answered.push('put')),
        tx.query(FAILS, [0]),
        tx.query(get, [['a']]),
      ]
      const [, fails, behind] = await Promise.allSettled(all)
      expect(fails).toMatchObject({ reason: { code: 'SQL', sqlState: '22012', statement: 'fails' } })
      expect(behind).toMatchObject({ reason: { code: 'ROLLED_BACK', sqlState: '25P02' } })
    }),
  )
  expect(failure).toMatchObject({ sqlState: '22012' })
  expect([answered, await things()]).toEqual([['put'], []])
  // The session goes on, with what was never parsed because it was passed over.
  await database.transaction((tx) => tx.query(get, [['a']]))
  expect(await session()).toBe(before)
})

test('given a deferred write that fails, when COMMIT left with it, then the session is clean again', async () => {
  const before = await session()
  const failure = await failureOf(
    database.transaction(async (tx) => {
      await tx.query(get, [['a']])
      tx.defer(tx.query(put, ['a', 1]))
      tx.defer(tx.query(FAILS, [0]))
      tx.defer(tx.query(put, ['b', 1]))
    }),
  )
  expect([failure.sqlState, await things(), await session()]).toEqual(['22012', [], before])
})

test('given a value that cannot be sent, then its statement is refused, and nothing stays', async () => {
  const unsendable = {
    toPostgres: () => {
      throw new Error('cannot be sent')
    },
  }
  const failure = await failureOf(
    database.transaction((tx) => Promise.all([tx.query(put, ['a', 1]), tx.query(put, ['b', unsendable])])),
  )
  expect(failure).toMatchObject({ code: 'SQL', message: 'cannot be sent' })
  expect(await things()).toEqual([])
})

test('given texts that only a binary array carries as they are, then they come back as they were', async () => {
  const texts = ['', '{}', '"a\\"', 'null', 'ü€😀', "it's\n\t", 'x'.repeat(70_000)]
  const { rows } = await database.query(
    { name: 'texts', text: 'select $1::text[] as given, $2::text[] as none, $3::text[] as some' },
    [texts, [], ['a', null, undefined]],
  )
  expect(rows).toEqual([{ given: texts, none: [], some: ['a', null, null] }])
})

test('given numbers for an array of texts, then the server reads them as ever', async () => {
  const { rows } = await database.query({ name: 'numbers', text: 'select $1::text[] as given' }, [[1, 2]])
  expect(rows).toEqual([{ given: ['1', '2'] }])
})

test('given a plain text of several statements, then it goes alone and the last one is its answer', async () => {
  const [many, one] = await database.transaction((tx) =>
    Promise.all([tx.query(`insert into thing values ('a', 1); select 7 as seven`), tx.query(get, [['a']])]),
  )
  expect([many, one]).toMatchObject([{ rows: [{ seven: 7 }] }, { rows: [{ id: 'a' }] }])
  const failure = await failureOf(database.query('copy thing from stdin'))
  expect(failure.message).toContain('COPY FROM STDIN is not supported')
})

test('given statements of one turn, then they are one question and one answer on the wire', async () => {
  const wire = await wireTo(place.url)
  try {
    const db = await place.open({ url: wire.url, sizeMax: 1 })
    await db.transaction((tx) => tx.query(get, [['a']]))
    const before = wire.flights()
    await db.transaction(async (tx) => {
      await Promise.all([tx.query(get, [['a']]), tx.query(get, [['b']])])
      tx.defer(tx.query(put, ['a', 1]))
      tx.defer(tx.query(put, ['b', 1]))
    })
    // BEGIN with the time, the reads, the writes with COMMIT.
    expect(wire.flights() - before).toBe(3)
    await db.close()
  } finally {
    await wire.close()
  }
})

test('given the time before BEGIN, when BEGIN is refused, then nothing of its flight is executed', async () => {
  const wire = await wireTo(place.url)
  try {
    const db = await place.open({ url: wire.url, sizeMax: 1 })
    const put1 = (id: string) =>
      db.transaction(
        async (tx) => {
          expect(tx.foretold()).toBeTypeOf('number')
          tx.defer(tx.query(put, [id, 1]))
        },
        { isEarly: true },
      )
    await db.transaction((tx) => tx.query(get, [['a']]))
    const before = wire.flights()
    await put1('a')
    expect(wire.flights() - before).toBe(1)
    wire.arm((name) => (name === 'BEGIN' ? { kind: 'refuse', sqlState: '57014' } : undefined))
    expect(await failureOf(put1('b'))).toMatchObject({ sqlState: '57014' })
    wire.arm(() => undefined)
    await put1('c')
    expect(await things()).toMatchObject([{ id: 'a' }, { id: 'c' }])
    await db.close()
  } finally {
    await wire.close()
  }
})
