/** Owns the shapes that the stores, the bus and the services see. No driver type appears here. */
import type { Profile } from '../profile.ts'
import type { Seat } from './seat.ts'
import type { Statement } from './statement.ts'

export interface Result {
  /** int8 and numeric arrive as text, json and jsonb parsed, timestamptz as Date. */
  readonly rows: readonly Record<string, unknown>[]
  /** Rows touched or returned. */
  readonly count: number
}

export interface Queryable {
  /** A Statement is prepared once per connection; a plain string is sent as it is. */
  query(statement: Statement | string, values?: readonly unknown[]): Promise<Result>
}

export interface SqlTransaction extends Queryable {
  /** Epoch ms, the database's clock: `now()` of this transaction. */
  readonly now: number
  /** Of early work: resolves when BEGIN is answered, and `now` known. */
  begun(): Promise<void>
  /** See Transaction of the runtime's ports. */
  foretold(): number | undefined
  /** The same: `hurry`. */
  hurry(): void
  /** The same transaction in the tables of another service that shares its session. */
  as(database: object): SqlTransaction
  /**
   * A write already sent in this transaction, whose answer is awaited together with COMMIT's. Only for statements
   * that raise when they lose: what is thrown after a good answer comes too late, COMMIT is already on its way.
   */
  defer(write: Promise<unknown>): void
  /** Rolls back to its start if `work` throws. One at a time, or nested. 40001 and 40P01 fail the whole transaction. */
  savepoint<T>(work: () => Promise<T>): Promise<T>
  /** Runs after a successful commit: wake-ups, which may be lost. */
  onCommit(action: () => void): void
}

export interface TransactionOptions {
  /** Runs in all when 40001 or 40P01 ends them; default 3. */
  readonly triesMax?: number
  /**
   * Lets `work` send its first statement in the flush of BEGIN; `now` is known once that is answered. Work that asks
   * nothing is no transaction.
   */
  readonly isEarly?: boolean
}

export interface Database extends Queryable {
  readonly name: string
  /** Where its transactions are in sessions that other services share. */
  readonly seat: Seat | undefined
  readonly profile: Profile
  /** A statement of its own is sent again after 40001 and 40P01, three times in all. */
  query(statement: Statement | string, values?: readonly unknown[]): Promise<Result>
  /** Tried again from the start after 40001 and 40P01, `triesMax` times in all; `work` must have no other effects. */
  transaction<T>(work: (tx: SqlTransaction) => Promise<T>, options?: TransactionOptions): Promise<T>
  /** Read-only sessions, of the read endpoint if there is one: what they see may be stale. */
  readonly read: Queryable
  /** Statements sent so far by name; BEGIN, NOW, COMMIT, ROLLBACK, SAVEPOINT, ... too; plain strings as SQL. */
  counted(): Readonly<Record<string, number>>
  /** Notices may be lost while the connection is; does nothing where the profile cannot listen. */
  listen(channel: string, onNotify: (payload: string) => void): Promise<() => Promise<void>>
  notify(channel: string, payload: string): Promise<void>
  ping(): Promise<void>
  close(): Promise<void>
}
