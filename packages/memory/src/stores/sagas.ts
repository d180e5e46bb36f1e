// Owns: the orchestrator's saga rows and the starters' start rows in memory.
import type { SagaRow, SagaStore, StartRow, StartStore } from '@ensemble/runtime'
import { first, reading, writing } from '../statement.ts'
import type { TableRef } from '../statement.ts'
import { compareText, deleted, insertRow, pruneRows, updateRows } from './versioned.ts'
import type { Kept } from './versioned.ts'

interface SagaKey {
  readonly plan: string
  readonly id: string
}

export function sagaStore(home: object): SagaStore {
  const table: TableRef<Kept<SagaRow>> = { name: 'sagas', home }
  return {
    load: (tx, ids) =>
      writing(tx, (open) => {
        const found = keysOf(ids).map((key) => open.lock(table, key))
        return found.flatMap((kept) => (kept === undefined ? [] : [kept.row]))
      }),
    insert: (tx, rows) =>
      writing(tx, (open) => {
        for (const row of rows.toSorted((a, b) => compareText(keyOf(a), keyOf(b))))
          insertRow(open, table, keyOf(row), row)
      }),
    update: (tx, rows) => writing(tx, (open) => updateRows(open, table, rows, keyOf)),
    prune: (tx, { before, countMax }) =>
      writing(tx, (open) => pruneRows(open, table, { before, countMax, isOver, keyOf })),
  }
}

/** Ended, or a cancel whose start never came. */
function isOver({ state, parked }: SagaRow): boolean {
  if (parked !== null) return false
  return state === null || state.phase.at === 'completed' || state.phase.at === 'compensated'
}

export function startStore(home: object): StartStore {
  const table: TableRef<StartRow> = { name: 'starts', home }
  return {
    load: (tx, ids) => reading(tx, (open) => keysOf(ids).flatMap((key) => open.get(table, key) ?? [])),
    insert: (tx, rows) =>
      writing(tx, (open) => {
        for (const row of rows.toSorted((a, b) => compareText(keyOf(a.saga), keyOf(b.saga))))
          open.insert(table, keyOf(row.saga), row)
      }),
    ended: (tx, ends) =>
      writing(tx, (open) => {
        for (const { saga, status, data } of ends.toSorted((a, b) =>
          compareText(keyOf(a.saga), keyOf(b.saga)),
        )) {
          const row = open.lock(table, keyOf(saga), ({ ended }) => ended === null)
          if (row !== undefined) open.write(table, keyOf(saga), { ...row, ended: { status, data } })
        }
      }),
    prune: (tx, { before, countMax }) =>
      writing(tx, (open) => {
        const over = open.inOrder(
          table,
          ({ startedAt, ended }) => ended !== null && startedAt < before,
          (a, b) => a.startedAt - b.startedAt,
        )
        const keys = first(over, countMax).map(({ saga }) => keyOf(saga))
        return deleted(open, table, keys, ({ ended }) => ended !== null)
      }),
  }
}

function keyOf({ plan, id }: SagaKey): string {
  return JSON.stringify([plan, id])
}

function keysOf(ids: readonly SagaKey[]): readonly string[] {
  return [...new Set(ids.map(keyOf))].sort(compareText)
}
