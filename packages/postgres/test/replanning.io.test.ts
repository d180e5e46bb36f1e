// Scenes: a plan that was made for a small table, on a real server, when the table has grown.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Statement } from '../src/index.ts'
import { systemClock } from '../src/database/clock.ts'
import { scene } from './support.ts'
import type { Scene } from './support.ts'

const raise: Statement = {
  name: 'raise',
  text:
    'update grown as g set size = r.size from jsonb_to_recordset($1::jsonb) as r (id text, size int8) ' +
    'where g.id = r.id returning g.id',
}
const FILL = (from: number, to: number): string =>
  `insert into grown select 'g' || i, 1 from generate_series(${from}, ${to}) as i`

let place: Scene
beforeAll(async () => {
  place = await scene('replanning')
})
afterAll(() => place.end())

test('given a table that grows, when the plans have had their time, then they are made again', async () => {
  let now = systemClock.now()
  const clock = { ...systemClock, now: () => now }
  const database = await place.open({ sizeMax: 1, clock })
  await database.query('create table grown (id text primary key, size int8 not null)')
  await database.query(FILL(1, 200))
  await database.query('vacuum analyze grown')
  // With what the server thought of the table when it made the plan.
  const planned = async (): Promise<string> => {
    const { rows } = await database.query(`explain execute raise('[]')`)
    return rows.map((row) => String(row['QUERY PLAN'])).join('\n')
  }
  await database.query(raise, ['[{"id":"g1","size":2}]'])
  const first = await planned()
  // However small the table: rows are looked up by their key.
  expect(first).toMatch(/Nested Loop[^]*Index Scan using grown_pkey/)
  await database.query(FILL(201, 50_000))
  expect(await planned()).toBe(first)
  now += 1_000
  const second = await planned()
  expect(second).not.toBe(first)
  expect(second).toMatch(/Nested Loop[^]*Index Scan using grown_pkey/)
})
