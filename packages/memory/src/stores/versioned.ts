// Owns: rows that carry a version: 1 or more when stored, one more with each change, refused when they moved meanwhile.
import type { Time } from '@ensemble/core'
import { MemoryError } from '../errors.ts'
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

/** Returns the row with its new version. */
export function updateRow<Row extends Versioned>(
  open: Open,
  table: TableRef<Kept<Row>>,
  key: string,
  row: Row,
): Row {
  const kept = open.lock(table, key)
  if (kept?.row.version !== row.version)
    throw new MemoryError('MOVED', `${table.name}: '${key}' is not at version ${row.version}`)
  const moved = { ...row, version: row.version + 1 }
  open.write(table, key, { row: moved, changedAt: open.now })
  return moved
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
  const old = open
    .pick(table, ({ row, changedAt }) => changedAt < what.before && what.isOver(row))
    .sort((a, b) => a.changedAt - b.changedAt)
    .slice(0, what.countMax)
    .map(({ row }) => what.keyOf(row))
    .filter((key) => (open.lock(table, key)?.changedAt ?? what.before) < what.before)
  for (const key of old) open.write(table, key, null)
  return old.length
}

/** One order for every list that is promised by key, whatever the locale. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
