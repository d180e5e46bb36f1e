// Owns: a service's own tables in memory: keyed rows and appended entries, over the same transaction as the stores.
// I1: one object serves any number of databases, each with a table of its own.
import type { Entries, Queryable, Row, Rows } from '@ensemble/runtime'
import { MemoryError } from './errors.ts'
import { reading, writing } from './home.ts'
import type { Home } from './home.ts'
import { compareText } from './stores/versioned.ts'
import { Table } from './table.ts'
import type { MemoryTransaction } from './transaction.ts'

export interface MemoryRows<State> extends Rows<State> {
  /** Every row by key, for tests and checkers. */
  all(tx: Queryable): Promise<ReadonlyMap<string, State>>
}

export interface MemoryEntries<Entry> extends Entries<Entry> {
  /** Every entry as appended, for tests and checkers. */
  all(tx: Queryable): Promise<readonly Entry[]>
}

/** `key` reads a state's key, so that a row stored under another one is found at once. */
export function memoryRows<State>(options: {
  readonly name: string
  readonly key?: (state: State) => string
}): MemoryRows<State> {
  const { name } = options
  const tableOf = tables<Row<State>>(name)
  const check = ({ key, state }: Row<State>): void => {
    const own = options.key?.(state) ?? key
    if (own !== key) throw new MemoryError('SQL', `${name}: the state of '${own}' was stored as '${key}'`)
  }
  return {
    name,
    load: (tx, keys) =>
      writing(tx, (open) => {
        const sorted = [...new Set(keys)].sort(compareText)
        const rows = sorted.map((key) => open.find(tableOf(open), key)).filter((row) => row !== undefined)
        return byKey(rows)
      }),
    insert: (tx, rows) =>
      writing(tx, (open) => {
        for (const row of rows) {
          check(row)
          open.insert(tableOf(open), row.key, row)
        }
      }),
    update: (tx, rows) =>
      writing(tx, (open) => {
        for (const row of rows) {
          check(row)
          if (open.find(tableOf(open), row.key) === undefined)
            throw new MemoryError('MOVED', `${name}: '${row.key}' is not there`)
          open.write(tableOf(open), row.key, row)
        }
      }),
    all: (tx) =>
      reading(tx, (open) =>
        byKey(open.pick(tableOf(open), () => true).sort((a, b) => compareText(a.key, b.key))),
      ),
  }
}

function byKey<State>(rows: readonly Row<State>[]): ReadonlyMap<string, State> {
  return new Map(rows.map(({ key, state }) => [key, state]))
}

interface Numbered<Entry> {
  readonly sequence: number
  readonly entry: Entry
}

/** `key` makes entries unique: a second one of a key raises UNIQUE. */
export function memoryEntries<Entry>(options: {
  readonly name: string
  readonly key?: (entry: Entry) => string
}): MemoryEntries<Entry> {
  const { name } = options
  const tableOf = tables<Numbered<Entry>>(name)
  return {
    name,
    append: (tx, entries) =>
      writing(tx, (open) => {
        for (const entry of entries) {
          const sequence = open.home.nextSequence()
          open.insert(tableOf(open), options.key?.(entry) ?? String(sequence), { sequence, entry })
        }
      }),
    all: (tx) =>
      reading(tx, (open) =>
        open
          .pick(tableOf(open), () => true)
          .sort((a, b) => a.sequence - b.sequence)
          .map(({ entry }) => entry),
      ),
  }
}

function tables<Row extends object>(name: string): (tx: MemoryTransaction) => Table<Row> {
  const known = new WeakMap<Home, Table<Row>>()
  return ({ home }) => {
    const table = known.get(home) ?? new Table<Row>(home, name)
    known.set(home, table)
    return table
  }
}
