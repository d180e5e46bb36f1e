// Owns: reading when things happened to sagas, out of the databases of those who know.
import { sqlFile } from '@ensemble/postgres'
import type { Books, Row } from '@ensemble/all-in-one/audit'
import type { Moments } from './waits.ts'

const sql = (name: string) => sqlFile(new URL(`./sql/${name}.sql`, import.meta.url))

const DECISIONS = sql('decisions')
const STARTS = sql('starts')
const PAID = sql('paid')
const RUNNING = sql('running')
const WAITING = sql('waiting')

export interface Ended {
  readonly saga: string
  readonly pattern: string
  readonly status: string
  readonly data: string
}

/** Sagas that wait for nobody outside. */
export async function movingCount(books: Books): Promise<number> {
  const [running, waiting] = await Promise.all([
    books.query('gateway', RUNNING),
    books.query('payment', WAITING),
  ])
  return Math.max(0, countOf(running) - countOf(waiting))
}

export async function momentsOf(books: Books): Promise<Moments & { readonly ends: readonly Ended[] }> {
  const [decisions, starts, paid] = await Promise.all([
    books.query('history', DECISIONS),
    books.query('gateway', STARTS),
    books.query('payment', PAID),
  ])
  return {
    decisions: decisions.map((row) => ({
      saga: String(row['saga']),
      seq: Number(row['seq']),
      at: Number(row['at']),
      isDeferred: row['is_deferred'] === true,
    })),
    startedAt: timesOf(starts),
    paidAt: timesOf(paid),
    ends: starts.map((row) => ({
      saga: String(row['saga']),
      pattern: String(row['pattern']),
      status: String(row['status']),
      data: String(row['data']),
    })),
  }
}

function timesOf(rows: readonly Row[]): ReadonlyMap<string, number> {
  return new Map(rows.map((row) => [String(row['saga']), Number(row['at'])]))
}

function countOf(rows: readonly Row[]): number {
  return Number(rows[0]?.['row_count'] ?? 0)
}
