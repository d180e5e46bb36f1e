// Owns: writing what a batch has decided, one statement for each table, all in the flush of the COMMIT.
import type { Message, Time } from '@ensemble/core'
import { bury } from '../bury.ts'
import type { Stores, Transaction } from '../ports.ts'
import type { Claimed, Decided, Picture } from './picture.ts'

interface Ground {
  readonly service: string
  readonly stores: Stores
}

export function store(tx: Transaction, picture: Picture, { service, stores }: Ground): void {
  storeDecided(tx, picture, stores)
  picture.messages.push(...bury(tx, picture.deadLetters, { service, stores }))
}

export function storeDecided(tx: Transaction, decided: Decided, stores: Stores): void {
  for (const { table, changes } of decided.rowChanges()) {
    const rows = [...changes].map(([key, { state, isNew }]) => ({ key, state, isNew }))
    const [updates, inserts] = [rows.filter((row) => !row.isNew), rows.filter((row) => row.isNew)]
    // Updates first: what one row frees (an order's number) another may take in the same batch.
    if (updates.length > 0) tx.defer(table.update(tx, updates))
    if (inserts.length > 0) tx.defer(table.insert(tx, inserts))
  }
  for (const [table, entries] of decided.entries) tx.defer(table.append(tx, entries))
  storeClaims(tx, decided.claimChanges(), stores)
  const operations = decided.operationChanges()
  const inserts = operations.filter((row) => row.version === 0)
  const updates = operations.filter((row) => row.version > 0)
  if (inserts.length > 0) tx.defer(stores.operations.insert(tx, inserts))
  if (updates.length > 0) tx.defer(stores.operations.update(tx, updates))
  storeScheduled(tx, decided.scheduled, stores)
}

/** A value that changes hands is deleted and inserted. */
function storeClaims(tx: Transaction, claims: readonly Claimed[], stores: Stores): void {
  const changed = claims.filter(({ before, now }) => before !== now)
  const released = changed.flatMap(({ value, before }) => (before === null ? [] : [value]))
  const taken = changed.flatMap(({ value, now }) => (now === null ? [] : [{ value, owner: now }]))
  if (released.length > 0) tx.defer(stores.claims.release(tx, released))
  if (taken.length > 0) tx.defer(stores.claims.insert(tx, taken))
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
