// Owns: what one statement of a store may do, and how it reaches the database that it was handed. The stores are
// written once against it; each database in memory runs statements in its own way (one transaction at a time here,
// with row locks and snapshots in the simulator).
// I1: a statement is synchronous and may be run again from its beginning, e.g. after it has waited for a lock.
import type { Time } from '@ensemble/core'
import type { Queryable } from '@ensemble/runtime'
import { MemoryError } from './errors.ts'

/** Names a table. One that has a home is refused by transactions of other databases; others are in each of them. */
export interface TableRef<Row extends object> {
  readonly name: string
  readonly home: object | null
  /** Never there: it only carries the type. */
  readonly row?: Row
}

export type Condition<Row> = (row: Readonly<Row>) => boolean
type Order<Row> = (a: Readonly<Row>, b: Readonly<Row>) => number

/** The verbs of a statement, named after what SQL would do. */
export interface Open {
  /** The database's clock at BEGIN, epoch milliseconds. */
  readonly now: Time
  /** Grows with each call, never rolled back. */
  nextSequence(): number
  /** What SQL leaves open: the order in which one UPDATE or DELETE meets its rows. */
  inAnyOrder<T>(items: readonly T[]): T[]
  /** SELECT: as the statement's snapshot and the own changes have it; locks nothing. */
  get<Row extends object>(table: TableRef<Row>, key: string): Row | undefined
  pick<Row extends object>(table: TableRef<Row>, keep: Condition<Row>): Row[]
  /** SELECT ... ORDER BY: read no further than it is asked for; equals in any order. */
  inOrder<Row extends object>(table: TableRef<Row>, keep: Condition<Row>, by: Order<Row>): Iterable<Row>
  /**
   * SELECT ... WHERE keep FOR UPDATE: waits for the lock of a row that the snapshot shows so; then the row as it is
   * now, if it still is so.
   */
  lock<Row extends object>(table: TableRef<Row>, key: string, keep?: Condition<Row>): Row | undefined
  /** SELECT ... FOR UPDATE SKIP LOCKED: undefined where another transaction has the row. */
  lockFree<Row extends object>(table: TableRef<Row>, key: string, keep?: Condition<Row>): Row | undefined
  /** INSERT. Errors: UNIQUE. */
  insert<Row extends object>(table: TableRef<Row>, key: string, row: Row): void
  /** INSERT ... ON CONFLICT DO NOTHING: a row that is there stays, unlocked. */
  offer<Row extends object>(table: TableRef<Row>, key: string, row: Row): void
  /** INSERT ... ON CONFLICT DO UPDATE: `merge` gets the row that is there, if one is; what it returns is stored. */
  upsert<Row extends object>(table: TableRef<Row>, key: string, merge: (row: Row | undefined) => Row): Row
  /** UPDATE or, with null, DELETE of a row that this transaction has locked. */
  write<Row extends object>(table: TableRef<Row>, key: string, row: Row | null): void
  /** Becomes part of the commit, e.g. of a bus that lives in the database; must not throw. */
  atCommit(effect: () => void): void
}

/** What a transaction or a database offers to the stores: reads of a database wait for nobody. */
export interface Executor {
  execute<T>(mode: 'read' | 'write', statement: (open: Open) => T): Promise<T>
}

/** Under it a transaction or a database of this package carries what runs its statements. */
export const EXECUTOR = Symbol('executor')

export interface Executing {
  readonly [EXECUTOR]: Executor
}

/** LIMIT. */
export function first<Row>(rows: Iterable<Row>, countMax: number): Row[] {
  const found: Row[] = []
  if (countMax <= 0) return found
  for (const row of rows) {
    found.push(row)
    if (found.length >= countMax) break
  }
  return found
}

/** LIMIT behind FOR UPDATE SKIP LOCKED: rows that are locked here and, as they are now, still due. */
export function firstFree<Row extends object>(
  open: Open,
  table: TableRef<Row>,
  what: {
    readonly rows: Iterable<Row>
    readonly keyOf: (row: Row) => string
    readonly isDue: (row: Row) => boolean
    readonly countMax: number
  },
): Row[] {
  function* free(): Iterable<Row> {
    for (const row of what.rows) {
      const locked = open.lockFree(table, what.keyOf(row), what.isDue)
      if (locked !== undefined) yield locked
    }
  }
  return first(free(), what.countMax)
}

export async function writing<T>(tx: Queryable, statement: (open: Open) => T): Promise<T> {
  return await executorOf(tx).execute('write', statement)
}

export async function reading<T>(tx: Queryable, statement: (open: Open) => T): Promise<T> {
  return await executorOf(tx).execute('read', statement)
}

function executorOf(tx: Queryable): Executor {
  const executor = (tx as Queryable & Partial<Executing>)[EXECUTOR]
  if (executor === undefined)
    throw new MemoryError('SQL', 'this is no transaction or database of @ensemble/memory')
  return executor
}
