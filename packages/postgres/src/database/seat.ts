/**
 * Owns how the services of one process share sessions: whose tables and rights a transaction has there. Does not own
 * the transaction.
 * I1: role and search path are the transaction's: they end with it, and one that is rolled back to a savepoint has
 * those of the savepoint again.
 * I2: a statement is prepared once for each service: a plan is about the tables that it was made for.
 */
import type { Statement } from './statement.ts'

/** A service's place in shared sessions. */
export interface Seat {
  /** Of whom the sessions are; those who share them have the same. */
  readonly sessions: object
  /** Among those who share them. */
  readonly number: number
  readonly role: string
  /** Search path. */
  readonly path: string
}

/** Of a database of this package; undefined for any other, and for one whose sessions are its own. */
export function seatOf(database: object): Seat | undefined {
  return 'seat' in database ? (database.seat as Seat | undefined) : undefined
}

export const ENTER: Statement = {
  name: 'ENTER',
  text: `select set_config('role', $1::text, true), set_config('search_path', $2::text, true)`,
}

/** The first statement of a transaction in shared sessions. */
export const NOW_THERE: Statement = {
  name: 'NOW_THERE',
  text: `select
  floor(extract(epoch from now()) * 1000.0)::int8 as "now",
  set_config('role', $1::text, true),
  set_config('search_path', $2::text, true)`,
}

/** PostgreSQL's limit; what is cut off is not the hash at the end. */
const NAME_LENGTH_MAX = 63

/** Under which a service's statement is prepared. */
export function nameAt(seat: Seat | undefined, name: string): string {
  if (seat === undefined) return name
  const prefix = `${seat.number} `
  return prefix + name.slice(-(NAME_LENGTH_MAX - prefix.length))
}
