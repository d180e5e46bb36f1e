// Owns: the operation rows in memory.
import type { Time } from '@ensemble/core'
import type { OperationRow, OperationStatus, OperationStore } from '@ensemble/runtime'
import { firstFree, writing } from '../statement.ts'
import type { TableRef } from '../statement.ts'
import { compareText, insertRow, keepRow, pruneRows, updateRows } from './versioned.ts'
import type { Kept } from './versioned.ts'

const ANSWERED: readonly OperationStatus[] = ['succeeded', 'rejected', 'withdrawn', 'faulted', 'unknown']
const CALLABLE: readonly OperationStatus[] = ['set_aside', 'calling']

export function operationStore(home: object): OperationStore {
  const table: TableRef<Kept<OperationRow>> = { name: 'operations', home }
  return {
    load: (tx, { ids, deferredOf }) =>
      writing(tx, (open) => {
        const owned = new Set(deferredOf.map(({ owner, key }) => JSON.stringify([owner, key])))
        const isOwned = ({ status, owner, key }: OperationRow): boolean =>
          status === 'deferred' && owned.has(JSON.stringify([owner, key]))
        const deferred = owned.size === 0 ? [] : open.pick(table, ({ row }) => isOwned(row))
        const wanted = new Set([...ids, ...deferred.map(({ row }) => row.id)])
        const found = [...wanted].sort(compareText).map((id) => open.lock(table, id))
        return found.flatMap((kept) => (kept === undefined ? [] : [kept.row]))
      }),
    insert: (tx, rows) =>
      writing(tx, (open) => {
        for (const row of rows.toSorted((a, b) => compareText(a.id, b.id)))
          insertRow(open, table, row.id, row)
      }),
    update: (tx, rows) => writing(tx, (open) => updateRows(open, table, rows, ({ id }) => id)),
    claimDue: (tx, { owners, leaseMs, countMax }) =>
      writing(tx, (open) => {
        const isDue = ({ row }: Kept<OperationRow>): boolean =>
          CALLABLE.includes(row.status) && row.dueAt !== null && row.dueAt <= open.now
        // As many of each owner are locked as may be claimed in all.
        const locked = owners.flatMap((owner) => {
          const rows = open.inOrder(table, (kept) => kept.row.owner === owner && isDue(kept), byDueTime)
          return firstFree(open, table, { rows, keyOf: ({ row }) => row.id, isDue, countMax })
        })
        return locked
          .sort(byDueTime)
          .slice(0, countMax)
          .map(({ row }) => keepRow(open, table, row.id, called(row, open.now + leaseMs)))
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

function byDueTime(a: Kept<OperationRow>, b: Kept<OperationRow>): number {
  return (a.row.dueAt ?? 0) - (b.row.dueAt ?? 0)
}

/** A row that is still `calling` when due had a worker that died: its call may have landed. */
function called(row: OperationRow, dueAt: Time): OperationRow {
  const doubt = row.doubt || row.status === 'calling'
  return { ...row, status: 'calling', attempt: row.attempt + 1, dueAt, doubt }
}
