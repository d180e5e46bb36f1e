// Owns: what the steps of the order saga do to the tables. Each is one statement and one durable transaction, safe to
// repeat.
import pg from 'pg'
import type { Saga } from './round.ts'

export type Query = (text: string, values: readonly unknown[]) => Promise<unknown>

const POOL_SIZE = 20
/** Of what PostgreSQL takes as the name of a statement. */
const NAME_LENGTH_MAX = 60

/** Named statements on a pool: each is a transaction of its own. */
export function openQueries(url: string): { readonly query: Query; readonly close: () => Promise<void> } {
  const pool = new pg.Pool({ connectionString: url, max: POOL_SIZE })
  // The database goes when the round is over, perhaps before the last connection.
  pool.on('error', () => undefined)
  return {
    query: (text, values) => pool.query({ name: text.slice(0, NAME_LENGTH_MAX), text, values: [...values] }),
    close: () => pool.end(),
  }
}

export const steps = {
  open: (query: Query, { id, total }: Saga) =>
    query("INSERT INTO bench_order VALUES ($1, 'pending', $2) ON CONFLICT DO NOTHING", [id, total]),
  prepare: (query: Query, { id, total }: Saga) =>
    query("INSERT INTO bench_payment VALUES ($1, 'prepared', $2) ON CONFLICT DO NOTHING", [id, total]),
  /** False when the charge is refused; nothing is written then. */
  charge: async (query: Query, { id, total, refused }: Saga): Promise<boolean> => {
    if (refused) return false
    await query(
      "WITH paid AS (UPDATE bench_payment SET status = 'paid' WHERE id = $1 AND status = 'prepared' RETURNING id) " +
        'INSERT INTO bench_ledger SELECT p.id, l.account, l.amount FROM paid AS p, ' +
        "(VALUES ('customer', -$2::int8), ('shop', $2::int8)) AS l (account, amount)",
      [id, total],
    )
    return true
  },
  complete: (query: Query, { id }: Saga) =>
    query("UPDATE bench_order SET status = 'complete' WHERE id = $1", [id]),
  cancel: (query: Query, { id }: Saga) =>
    query("UPDATE bench_payment SET status = 'cancelled' WHERE id = $1", [id]),
  fail: (query: Query, { id }: Saga) => query("UPDATE bench_order SET status = 'failed' WHERE id = $1", [id]),
}
