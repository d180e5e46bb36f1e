// Owns: the orchestrator's saga rows and the starters' start rows in memory.
import type { SagaRow, SagaStore, StartRow, StartStore } from '@ensemble/runtime'
import { reading, writing } from '../home.ts'
import type { Home } from '../home.ts'
import { Table } from '../table.ts'
import type { MemoryTransaction } from '../transaction.ts'
import { compareText, insertRow, pruneRows, updateRow } from './versioned.ts'
import type { Kept } from './versioned.ts'

interface SagaKey {
  readonly plan: string
  readonly id: string
}

export function sagaStore(home: Home): SagaStore {
  const table = new Table<Kept<SagaRow>>(home, 'sagas')
  return {
    load: (tx, ids) => writing(tx, (open) => found(open, table, ids).map(({ row }) => row)),
    insert: (tx, rows) =>
      writing(tx, (open) => {
        for (const row of rows) insertRow(open, table, keyOf(row), row)
      }),
    update: (tx, rows) =>
      writing(tx, (open) => {
        for (const row of rows) updateRow(open, table, keyOf(row), row)
      }),
    prune: (tx, { before, countMax }) =>
      writing(tx, (open) => pruneRows(open, table, { before, countMax, isOver, keyOf })),
  }
}

/** Ended, or a cancel whose start never came. */
function isOver({ state, parked }: SagaRow): boolean {
  if (parked !== null) return false
  return state === null || state.phase.at === 'completed' || state.phase.at === 'compensated'
}

export function startStore(home: Home): StartStore {
  const table = new Table<StartRow>(home, 'starts')
  return {
    load: (tx, ids) => reading(tx, (open) => found(open, table, ids)),
    insert: (tx, rows) =>
      writing(tx, (open) => {
        for (const row of rows) open.insert(table, keyOf(row.saga), row)
      }),
    ended: (tx, ends) =>
      writing(tx, (open) => {
        for (const { saga, status, data } of ends) {
          const row = open.find(table, keyOf(saga))
          if (row === undefined || row.ended !== null) continue
          open.write(table, keyOf(saga), { ...row, ended: { status, data } })
        }
      }),
    prune: (tx, { before, countMax }) =>
      writing(tx, (open) => {
        const old = open
          .pick(table, ({ startedAt, ended }) => ended !== null && startedAt < before)
          .sort((a, b) => a.startedAt - b.startedAt)
          .slice(0, countMax)
        for (const { saga } of old) open.write(table, keyOf(saga), null)
        return old.length
      }),
  }
}

function keyOf({ plan, id }: SagaKey): string {
  return JSON.stringify([plan, id])
}

function found<Row extends object>(tx: MemoryTransaction, table: Table<Row>, ids: readonly SagaKey[]): Row[] {
  const keys = [...new Set(ids.map(keyOf))].sort(compareText)
  return keys.map((key) => tx.find(table, key)).filter((row) => row !== undefined)
}
