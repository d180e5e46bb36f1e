// Found by asking for the plans of every statement with many finished sagas in the tables: what deletes old rows, a
// bounded number at a time, was planned as if it were a tenth of all of them, and read the whole primary key each time.
import { fileURLToPath } from 'node:url'
import { ENGINE_MIGRATIONS, migrate, openDatabase, sqlFolder, type Database } from '@ensemble/postgres'
import { freshDatabase, type TestDatabase } from '@ensemble/postgres/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'

const statement = sqlFolder(new URL('../packages/postgres/sql/', import.meta.url))
const OLD = `now() - interval '40 days'`
const FILL = [
  `INSERT INTO ensemble_operation
   SELECT 'o' || i, 'succeeded', 'order', 'k' || i, 1, NULL, repeat('y', 300), NULL, 0, NULL, false, NULL, 1, ${OLD}
   FROM generate_series(1, 30000) AS i`,
  `INSERT INTO ensemble_saga
   SELECT 'p', 's' || i, 'completed', 'z', NULL, NULL, 1, ${OLD} FROM generate_series(1, 30000) AS i`,
  `INSERT INTO ensemble_start
   SELECT 'p', 's' || i, 'orchestration', 1, 'f', '[]', ${OLD}, 'completed', NULL
   FROM generate_series(1, 30000) AS i`,
]

let place: TestDatabase
let database: Database
beforeAll(async () => {
  place = await freshDatabase('prune')
  await migrate(place.url, { schema: 'shop', directory: fileURLToPath(ENGINE_MIGRATIONS), direction: 'up' })
  database = await openDatabase({ name: 'shop', url: place.url, schema: 'shop' })
  for (const fill of FILL) await database.query(fill)
  await database.query('ANALYZE')
})
afterAll(async () => {
  await database.close()
  await place.drop()
})

test.each(['operation_prune', 'saga_prune', 'start_prune'])('%s looks its rows up', async (name) => {
  const { rows } = await database.query(`EXPLAIN (GENERIC_PLAN, COSTS OFF) ${statement(name).text}`)
  const lines = rows.map((row) => String(row['QUERY PLAN']))
  expect(lines.filter((line) => /(Merge|Hash) (Semi )?Join/.test(line))).toEqual([])
  expect(lines.filter((line) => line.includes('Nested Loop'))).not.toEqual([])
})
