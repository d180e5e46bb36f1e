// Owns: the operation rows in memory.
import type { Time } from '@ensemble/core'
import type { OperationRow, OperationStatus, OperationStore } from '@ensemble/runtime'
import { writing } from '../home.ts'
import type { Home } from '../home.ts'
import { Table } from '../table.ts'
import { compareText, insertRow, pruneRows, updateRow } from './versioned.ts'
import type { Kept } from './versioned.ts'

const ANSWERED: readonly OperationStatus[] = ['succeeded', 'rejected', 'withdrawn', 'faulted', 'unknown']
const CALLABLE: readonly OperationStatus[] = ['set_aside', 'calling']

export function operationStore(home: Home): OperationStore {
  const table = new Table<Kept<OperationRow>>(home, 'operations')
  return {
    load: (tx, { ids, deferredOf }) =>
      writing(tx, (open) => {
        const owned = new Set(deferredOf.map(({ owner, key }) => JSON.stringify([owner, key])))
        const isOwned = ({ status, owner, key }: OperationRow): boolean =>
          status === 'deferred' && owned.has(JSON.stringify([owner, key]))
        const named = ids.map((id) => open.find(table, id)).filter((kept) => kept !== undefined)
        const deferred = owned.size === 0 ? [] : open.pick(table, ({ row }) => isOwned(row))
        const rows = new Map([...named, ...deferred].map(({ row }) => [row.id, row]))
        return [...rows.values()].sort((a, b) => compareText(a.id, b.id))
      }),
    insert: (tx, rows) =>
      writing(tx, (open) => {
        for (const row of rows) insertRow(open, table, row.id, row)
      }),
    update: (tx, rows) =>
      writing(tx, (open) => {
        for (const row of rows) updateRow(open, table, row.id, row)
      }),
    claimDue: (tx, { owners, leaseMs, countMax }) =>
      writing(tx, (open) => {
        const isDue = ({ status, owner, dueAt }: OperationRow): boolean =>
          CALLABLE.includes(status) && owners.includes(owner) && dueAt !== null && dueAt <= open.now
        return open
          .pick(table, ({ row }) => isDue(row))
          .map(({ row }) => row)
          .sort((a, b) => (a.dueAt ?? 0) - (b.dueAt ?? 0) || compareText(a.id, b.id))
          .slice(0, countMax)
          .map((row) => called(row, open.now + leaseMs))
          .map((row) => updateRow(open, table, row.id, row))
      }),
    prune: (tx, { before, countMax }) =>
      writing(tx, (open) =>
        pruneRows(open, table, {
          before,
          countMax,
          // A parked decision still needs the row: without it the saga would never end.
          isOver: ({ status, parked }) => ANSWERED.includes(status) && parked === null,
          keyOf: ({ id }) => id,
        }),
      ),
  }
}

/** A row that is still `calling` when due had a worker that died: its call may have landed. */
function called(row: OperationRow, dueAt: Time): OperationRow {
  const doubt = row.doubt || row.status === 'calling'
  return { ...row, status: 'calling', attempt: row.attempt + 1, dueAt, doubt }
}
