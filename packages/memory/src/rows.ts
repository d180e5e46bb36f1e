// Owns: a service's own tables in memory: keyed rows and appended entries, over the same transaction as the stores.
// I1: one object serves any number of databases, each with a table of its own.
import type { Entries, Queryable, Row, Rows } from '@ensemble/runtime'
import { MemoryError } from './errors.ts'
import { reading, writing } from './statement.ts'
import type { TableRef } from './statement.ts'
import { compareText } from './stores/versioned.ts'

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
  const table: TableRef<Row<State>> = { name, home: null }
  const check = ({ key, state }: Row<State>): void => {
    const own = options.key?.(state) ?? key
    if (own !== key) throw new MemoryError('SQL', `${name}: the state of '${own}' was stored as '${key}'`)
  }
  return {
    name,
    load: (tx, keys) =>
      writing(tx, (open) => {
        const sorted = [...new Set(keys)].sort(compareText)
        const rows = sorted.map((key) => open.lock(table, key)).filter((row) => row !== undefined)
        return byKey(rows)
      }),
    insert: (tx, rows) =>
      writing(tx, (open) => {
        rows.forEach(check)
        for (const row of rows.toSorted((a, b) => compareText(a.key, b.key))) open.insert(table, row.key, row)
      }),
    update: (tx, rows) =>
      writing(tx, (open) => {
        rows.forEach(check)
        const missing = open.inAnyOrder(rows).filter((row) => {
          if (open.lock(table, row.key) === undefined) return true
          open.write(table, row.key, row)
          return false
        })
        if (missing.length > 0)
          throw new MemoryError('MOVED', `${name}: not there: ${missing.map(({ key }) => key).join(', ')}`)
      }),
    all: (tx) =>
      reading(tx, (open) => byKey(open.pick(table, () => true).sort((a, b) => compareText(a.key, b.key)))),
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
  const table: TableRef<Numbered<Entry>> = { name, home: null }
  return {
    name,
    append: (tx, entries) =>
      writing(tx, (open) => {
        for (const entry of entries) {
          const sequence = open.nextSequence()
          open.insert(table, options.key?.(entry) ?? String(sequence), { sequence, entry })
        }
      }),
    all: (tx) =>
      reading(tx, (open) =>
        open
          .pick(table, () => true)
          .sort((a, b) => a.sequence - b.sequence)
          .map(({ entry }) => entry),
      ),
  }
}
