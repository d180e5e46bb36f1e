// Owns: one round of another engine: a database of its own with the same business tables, the same callers, the same
// invariants and the same reading of costs as ours. The engine only runs the steps.
// I1: whatever a step does to the tables is one durable statement or transaction, and doing it twice is harmless.
import pg from 'pg'
import { costOf, reading } from '../../measure/cost.ts'
import { problemsOfPostgres } from '../../measure/durable-problems.ts'
import { isDue, load } from '../../measure/load.ts'
import { cpuMsBelow, parentOf } from '../../measure/processor.ts'
import { latenciesOf, rounded } from '../../measure/statistics.ts'

export interface Saga {
  readonly id: string
  readonly total: number
  readonly refused: boolean
}

export type End = 'completed' | 'compensated'

export interface Engine {
  /** Resolves when the saga has ended. */
  readonly run: (saga: Saga) => Promise<End>
  readonly stop: () => Promise<void>
}

export interface Round {
  readonly adminUrl: string
  readonly concurrency: number
  readonly seconds: number
  readonly warmUp: number
  readonly fail: number
}

export interface Place {
  /** A database of this round alone. */
  readonly url: string
  readonly concurrency: number
}

const TABLES = `
  CREATE TABLE bench_order (id text PRIMARY KEY, status text NOT NULL, total int8 NOT NULL);
  CREATE TABLE bench_payment (id text PRIMARY KEY, status text NOT NULL, total int8 NOT NULL);
  CREATE TABLE bench_ledger (id text NOT NULL, account text NOT NULL, amount int8 NOT NULL, PRIMARY KEY (id, account))`

const CHECK = `
  SELECT
    (SELECT count(*) FROM bench_order WHERE status = 'complete')::int4 AS complete,
    (SELECT count(*) FROM bench_order WHERE status = 'failed')::int4 AS failed,
    (SELECT count(*) FROM bench_order WHERE status = 'pending')::int4 AS pending,
    (SELECT count(*) FROM bench_payment WHERE status = 'paid')::int4 AS paid,
    (SELECT count(*) FROM bench_payment WHERE status = 'cancelled')::int4 AS cancelled,
    (SELECT coalesce(sum(amount), 0) FROM bench_ledger)::int4 AS ledger,
    (SELECT count(*) FROM bench_ledger)::int4 AS entries`

const SETTINGS = `
  SELECT current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS synchronous_commit,
    current_setting('full_page_writes') AS full_page_writes`

/** Runs the engine that `open` opens on the place, and prints the result as one JSON line. */
export async function playRound(name: string, open: (place: Place) => Promise<Engine>): Promise<void> {
  const round = JSON.parse(process.argv[2] ?? '') as Round
  const { adminUrl, concurrency } = round
  const database = `peer_${name.replaceAll(/\W/g, '_')}_${process.pid}`
  const url = new URL(adminUrl)
  url.pathname = `/${database}`
  const server = new pg.Client({ connectionString: adminUrl })
  await server.connect()
  await server.query(`CREATE DATABASE ${database}`)
  const admin = new pg.Client({ connectionString: url.href })
  await admin.connect()
  admin.on('error', () => undefined)
  try {
    await admin.query(TABLES)
    const { rows } = await admin.query<Record<string, string>>(SETTINGS)
    const problems = problemsOfPostgres(rows[0] ?? {})
    if (problems.length > 0) throw new Error(`not durable: ${problems.join(', ')}`)
    const engine = await open({ url: url.href, concurrency })
    try {
      const result = await measured(name, { round, engine, admin })
      process.stdout.write(`${JSON.stringify(result)}\n`)
      if (result['invariants'] !== 'hold') process.exitCode = 1
    } finally {
      await engine.stop()
    }
  } finally {
    await admin.end()
    await server.query(`DROP DATABASE ${database} WITH (FORCE)`)
    await server.query(`DROP DATABASE IF EXISTS ${database}_sys WITH (FORCE)`)
    await server.end()
  }
}

interface Measuring {
  readonly round: Round
  readonly engine: Engine
  readonly admin: pg.Client
}

async function measured(
  name: string,
  { round, engine, admin }: Measuring,
): Promise<Readonly<Record<string, unknown>>> {
  const { concurrency, seconds, warmUp, fail } = round
  const { rows } = await admin.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
  const servers = {
    admin: {
      query: async (text: unknown, values: readonly unknown[] = []) => {
        const found = await admin.query<Record<string, unknown>>(String(text), [...values])
        return { rows: found.rows, count: found.rows.length }
      },
    },
    postgresPid: parentOf(rows[0]?.pid ?? 0),
    kafkaPid: null,
  }
  const callers = (prefix: string, length: number) => ({
    concurrency,
    until: { seconds: length },
    one: (n: number) =>
      engine.run({ id: `${prefix}${String(n).padStart(9, '0')}`, total: 100, refused: isDue(n, fail) }),
  })
  const warm = await load(callers('warm-', warmUp))
  const before = await reading(servers, cpuMsBelow(process.pid) ?? Number.NaN)
  const { latencies, ends, seconds: took } = await load(callers('run-', seconds))
  const after = await reading(servers, cpuMsBelow(process.pid) ?? Number.NaN)
  const completed = (ends.completed ?? 0) + (warm.ends.completed ?? 0)
  const compensated = (ends.compensated ?? 0) + (warm.ends.compensated ?? 0)
  const wrong = violations(
    (await admin.query<Record<string, number>>(CHECK)).rows[0] ?? {},
    completed,
    compensated,
  )
  return {
    engine: name,
    concurrency,
    seconds: rounded(took, 1),
    sagas: latencies.count,
    sagas_per_s: rounded(latencies.count / took, 1),
    ...latenciesOf(latencies),
    ...costOf(before, after, latencies.count),
    ...ends,
    invariants: wrong.length === 0 ? 'hold' : wrong,
  }
}

function violations(
  found: Readonly<Record<string, number>>,
  completed: number,
  compensated: number,
): readonly string[] {
  const expected = {
    complete: completed,
    failed: compensated,
    pending: 0,
    paid: completed,
    cancelled: compensated,
    ledger: 0,
    entries: 2 * completed,
  }
  const wrong = Object.entries(expected).filter(([name, value]) => found[name] !== value)
  return wrong.map(([name, value]) => `${name}: ${String(found[name])}, not ${value}`)
}
