// Owns: writing what a batch has decided, one statement for each table, all in the flush of the COMMIT.
import type { Message, Time } from '@ensemble/core'
import { bury } from '../bury.ts'
import type { OperationRow, Stores, Transaction } from '../ports.ts'
import type { Picture } from './picture.ts'

interface Ground {
  readonly service: string
  readonly stores: Stores
}

export function store(tx: Transaction, picture: Picture, { service, stores }: Ground): void {
  for (const { table, inserts, updates } of picture.rowChanges()) {
    // Updates first: what one row frees (an order's number) another may take in the same batch.
    if (updates.length > 0) tx.defer(table.update(tx, updates))
    if (inserts.length > 0) tx.defer(table.insert(tx, inserts))
  }
  for (const [table, entries] of picture.entries) tx.defer(table.append(tx, entries))
  const { taken, released } = picture.claimChanges()
  if (released.length > 0) tx.defer(stores.claims.release(tx, released))
  if (taken.length > 0) tx.defer(stores.claims.insert(tx, taken))
  const operations: readonly OperationRow[] = picture.operationChanges()
  const inserts = operations.filter((row) => row.version === 0)
  const updates = operations.filter((row) => row.version > 0)
  if (inserts.length > 0) tx.defer(stores.operations.insert(tx, inserts))
  if (updates.length > 0) tx.defer(stores.operations.update(tx, updates))
  storeScheduled(tx, picture.scheduled, stores)
  picture.messages.push(...bury(tx, picture.deadLetters, { service, stores }))
}

/** Packs what is due within the same second into one row, what is due first before the rest. */
export function storeScheduled(
  tx: Transaction,
  scheduled: readonly { readonly dueAt: Time; readonly message: Message }[],
  stores: Pick<Stores, 'scheduled'>,
): void {
  if (scheduled.length === 0) return
  const inOrder = scheduled.toSorted((a, b) => a.dueAt - b.dueAt)
  const bySecond = Map.groupBy(inOrder, ({ dueAt }) => Math.ceil(dueAt / 1_000))
  const rows = [...bySecond.values()].map((group) => ({
    dueAt: Math.max(...group.map(({ dueAt }) => dueAt)),
    messages: group.map(({ message }) => message),
  }))
  tx.defer(stores.scheduled.insert(tx, rows))
}
