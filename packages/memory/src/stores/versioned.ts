// Owns: rows that carry a version: 1 or more when stored, one more with each change, refused when they moved meanwhile.
import type { Time } from '@ensemble/core'
import { MemoryError } from '../errors.ts'
import { first } from '../statement.ts'
import type { Open, TableRef } from '../statement.ts'

interface Versioned {
  readonly version: number
}

export interface Kept<Row extends Versioned> {
  readonly row: Row
  readonly changedAt: Time
}

const VERSION_FIRST = 1

export function insertRow<Row extends Versioned>(
  open: Open,
  table: TableRef<Kept<Row>>,
  key: string,
  row: Row,
): void {
  open.insert(table, key, { row: { ...row, version: VERSION_FIRST }, changedAt: open.now })
}

/**
 * Changes rows that are at the version that was read, then raises MOVED when one was not. As an UPDATE does, it waits
 * for the rows that its snapshot shows at their version, and for no others.
 */
export function updateRows<Row extends Versioned>(
  open: Open,
  table: TableRef<Kept<Row>>,
  rows: readonly Row[],
  keyOf: (row: Row) => string,
): void {
  const moved = open.inAnyOrder(rows).filter((row) => {
    const key = keyOf(row)
    if (open.lock(table, key, (kept) => kept.row.version === row.version) === undefined) return true
    keepRow(open, table, key, row)
    return false
  })
  if (moved.length > 0)
    throw new MemoryError('MOVED', `${table.name}: not at their versions: ${moved.map(keyOf).join(', ')}`)
}

/** Changes a row that is locked; returns it with its new version. */
export function keepRow<Row extends Versioned>(
  open: Open,
  table: TableRef<Kept<Row>>,
  key: string,
  row: Row,
): Row {
  const next = { ...row, version: row.version + 1 }
  open.write(table, key, { row: next, changedAt: open.now })
  return next
}

export function pruneRows<Row extends Versioned>(
  open: Open,
  table: TableRef<Kept<Row>>,
  what: {
    readonly before: Time
    readonly countMax: number
    readonly isOver: (row: Row) => boolean
    readonly keyOf: (row: Row) => string
  },
): number {
  const over = open.inOrder(
    table,
    ({ row, changedAt }) => changedAt < what.before && what.isOver(row),
    (a, b) => a.changedAt - b.changedAt,
  )
  const keys = first(over, what.countMax).map(({ row }) => what.keyOf(row))
  return deleted(open, table, keys, ({ changedAt }) => changedAt < what.before)
}

/** DELETE of the rows with these keys that `keep` is true of; returns how many. */
export function deleted<Row extends object>(
  open: Open,
  table: TableRef<Row>,
  keys: readonly string[],
  keep: (row: Row) => boolean = () => true,
): number {
  let count = 0
  for (const key of open.inAnyOrder(keys)) {
    if (open.lock(table, key, keep) === undefined) continue
    open.write(table, key, null)
    count += 1
  }
  return count
}

/** One order for every list that is promised by key, whatever the locale. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
