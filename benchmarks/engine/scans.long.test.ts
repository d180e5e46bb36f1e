// Scenes: with many finished and many waiting sagas in the tables, no statement of the engine reads more than it needs.
// Each is planned as its services do it: in their session, without knowing its parameters, on fresh statistics.
import { readdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openDatabase, sqlFolder, startEmbedded, type Database } from '@ensemble/postgres'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { SERVICES, type ServiceName } from '../order-saga/host.ts'
import { openSystem, type BenchSystem } from '../order-saga/system.ts'
import { engineOptions } from './options.ts'
import { prepared } from './run.ts'
import { planOf, scansOf, tablesOf } from './scans.ts'

const SQL = new URL('../../packages/postgres/sql/', import.meta.url)
const statement = sqlFolder(SQL)
const NAMES = readdirSync(fileURLToPath(SQL)).map((file) => basename(file, '.sql'))

const HISTORY = 8_000
const WAITING = 6_000
/** A table with as many rows has grown with the sagas. */
const GROWN = 5_000

/** What no saga of the benchmark fills, in the schema of the orders. */
const FILL = [
  "INSERT INTO orders.ensemble_claim SELECT 'v' || i, 'o' FROM generate_series(1, 20000) AS i",
  `INSERT INTO orders.ensemble_outbox
   SELECT 'm' || i, '[]', now() + i * interval '1 s' FROM generate_series(1, 20000) AS i`,
  `INSERT INTO orders.ensemble_dead_letter
   SELECT 'd' || i, 't', 'UNHANDLED', '', '[]', now() FROM generate_series(1, 20000) AS i`,
  `INSERT INTO orders.ensemble_scheduled
   SELECT now() + i * interval '1 day', gen_random_uuid(), 1, '[]' FROM generate_series(1, 20000) AS i`,
  `INSERT INTO bus.log_entry
   SELECT 'filled', 0, i, 1, '[]', now() FROM generate_series(1, 20000) AS i`,
]

/** These touch only tables that stay small, each with its reason. */
const SMALL: Readonly<Record<string, string>> = {
  horizon_load: 'one row',
  horizon_move: 'one row',
  plan_insert: 'a row for each version of a plan',
  plan_load: 'a row for each version of a plan',
  progress_clear: 'a row for each partition',
  progress_count: 'a row for each partition',
  log_advance: 'a row for each partition and group',
  log_claim: 'a row for each partition and group',
  log_forward: 'a row for each partition and group; for an operator',
  log_head_lock: 'a row for each partition',
  log_lag: 'a row for each partition and group',
  log_prunable: 'a row for each partition and group',
  log_register: 'a row for each partition and group; when a service starts',
  log_size: 'a row for each partition',
  log_topic_create: 'a row for each partition; when a topic is new',
  log_topics: 'a row for each partition; when a topic is new to the process',
  log_unregister: 'a row for each partition and group; for an operator',
}

let system: BenchSystem
let grown: ReadonlySet<string>
const sessions = new Map<ServiceName, Database>()
const stops: (() => Promise<void>)[] = []
afterAll(async () => {
  for (const stop of stops.toReversed()) await stop()
})

beforeAll(async () => {
  const directory = join(tmpdir(), `ensemble-scans-${process.pid}`)
  stops.push(() => rm(directory, { recursive: true, force: true }))
  const server = await startEmbedded({ directory })
  stops.push(() => server.stop())
  const line = ['--history', String(HISTORY), '--waiting', String(WAITING), '--database-url', server.adminUrl]
  const options = engineOptions(line)
  const say = (): void => undefined
  system = await openSystem({ ...options, databaseUrl: server.adminUrl, say })
  stops.push(() => system.stop())
  await prepared(system, options, say)
  const { admin, places } = system.ground
  for (const fill of FILL) await admin.query(fill)
  await admin.query('ANALYZE')
  for (const service of SERVICES) {
    const session = await openDatabase({ name: 'planner', ...places[service], sizeMax: 1 })
    stops.push(() => session.close())
    sessions.set(service, session)
  }
  const { rows } = await admin.query(
    'SELECT c.relname AS name FROM pg_class AS c WHERE c.reltuples >= $1::float8 AND c.relkind = $2::text',
    [GROWN, 'r'],
  )
  grown = new Set(rows.map(({ name }) => String(name)))
}, 300_000)

interface Found {
  readonly touched: boolean
  readonly violations: readonly string[]
}

/** In the schema of every service: a table has grown in some of them. */
async function judged(name: string): Promise<Found> {
  const found = await Promise.all([...sessions].map((entry) => judgedIn(name, entry)))
  return {
    touched: found.some(({ touched }) => touched),
    violations: found.flatMap(({ violations }) => violations),
  }
}

async function judgedIn(name: string, [service, session]: readonly [ServiceName, Database]): Promise<Found> {
  const sizes = await session.query(
    'SELECT c.relname AS name FROM pg_class AS c WHERE c.reltuples >= $1::float8 ' +
      "AND c.relnamespace = ANY (ARRAY[current_schema()::regnamespace, 'bus'::regnamespace])",
    [GROWN],
  )
  const large = new Set(sizes.rows.map((row) => String(row['name'])))
  const { rows } = await session.query(`EXPLAIN (GENERIC_PLAN, FORMAT JSON) ${statement(name).text}`)
  const plan = planOf(rows[0]?.['QUERY PLAN'])
  const scans = scansOf(plan).filter(({ table }) => large.has(table))
  return {
    touched: tablesOf(plan).some((table) => large.has(table)),
    violations: scans.map(({ node, table }) => `${name}: ${node} on ${service}.${table}`),
  }
}

describe('with many finished and many waiting sagas', () => {
  test('the tables have grown that can', () => {
    expect(
      [...grown].filter((name) => name.startsWith('ensemble_') || name.startsWith('log_')).toSorted(),
    ).toEqual([
      'ensemble_claim',
      'ensemble_dead_letter',
      'ensemble_operation',
      'ensemble_outbox',
      'ensemble_saga',
      'ensemble_scheduled',
      'ensemble_start',
      'log_entry',
    ])
  })

  test.each(NAMES.filter((name) => SMALL[name] === undefined))('%s scans none of them', async (name) => {
    expect(await judged(name)).toEqual({ touched: true, violations: [] })
  })

  test.each(Object.entries(SMALL))('%s touches none of them: %s', async (name) => {
    expect(NAMES).toContain(name)
    expect(await judged(name)).toEqual({ touched: false, violations: [] })
  })

  test('without its index a statement is found, with the table and what reads it', async () => {
    await system.ground.admin.query('DROP INDEX payments.ensemble_operation_deferred')
    const { violations } = await judged('operation_load')
    expect(violations).toEqual(['operation_load: Seq Scan on payments.ensemble_operation'])
  })
})
