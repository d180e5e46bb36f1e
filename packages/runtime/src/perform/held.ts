// Owns: what one service has read and decided in one transaction, round after round. A row that is there is locked
// until the end, so it is read once; each is written once, whatever it has been through.
// I1: what was decided before is what is read: nothing here is on its way to the database before the last round.
// I2: where handlers have used SQL of their own only what was decided is still known.
import type { Message, Time } from '@ensemble/core'
import type { Entries, OperationRow, Rows, Stores, Transaction } from '../ports.ts'
import type { Claimed, Decided, Picture, RowChange, RowChanges } from './picture.ts'
import { storeDecided } from './store.ts'

export class Held implements Decided {
  /** As they are by now. A key that is present with `undefined` was looked for and is not there. */
  readonly rows = new Map<Rows<unknown>, Map<string, unknown>>()
  readonly operations = new Map<string, OperationRow>()
  /** Operations that were looked for, whether there are rows or not. */
  readonly sought = new Set<string>()
  readonly claims = new Map<string, string | null>()
  /** Names of keyed rows whose deferred operations are among `operations`. */
  readonly owners = new Set<string>()
  readonly entries = new Map<Entries<unknown>, unknown[]>()
  readonly scheduled: { readonly dueAt: Time; readonly message: Message }[] = []
  readonly #changes = new Map<Rows<unknown>, Map<string, RowChange>>()
  readonly #operationChanges = new Map<string, OperationRow>()
  /** Who held a claim that has changed hands. */
  readonly #claimsBefore = new Map<string, string | null>()
  #isWritten = false

  /** What a round has decided. */
  take(picture: Picture): void {
    for (const { table, changes } of picture.rowChanges()) {
      const known = this.#changes.get(table) ?? new Map<string, RowChange>()
      const rows = this.rows.get(table) ?? new Map<string, unknown>()
      this.#changes.set(table, known)
      this.rows.set(table, rows)
      for (const [key, { state, isNew }] of changes) {
        known.set(key, { state, isNew: known.get(key)?.isNew ?? isNew })
        rows.set(key, state)
      }
    }
    for (const row of picture.operationChanges()) {
      this.#operationChanges.set(row.id, row)
      this.operations.set(row.id, row)
    }
    for (const { value, before, now } of picture.claimChanges()) {
      if (!this.#claimsBefore.has(value)) this.#claimsBefore.set(value, before)
      this.claims.set(value, now)
    }
    for (const [table, entries] of picture.entries)
      this.entries.set(table, [...(this.entries.get(table) ?? []), ...entries])
    this.scheduled.push(...picture.scheduled)
  }

  /** Handlers may have changed what was read. */
  forgetRead(): void {
    this.owners.clear()
    this.sought.clear()
    for (const id of this.operations.keys()) if (!this.#operationChanges.has(id)) this.operations.delete(id)
    for (const value of this.claims.keys()) if (!this.#claimsBefore.has(value)) this.claims.delete(value)
    for (const [table, rows] of this.rows)
      for (const key of rows.keys()) if (this.#changes.get(table)?.has(key) !== true) rows.delete(key)
  }

  /** Once, whoever asks. */
  write(tx: Transaction, stores: Stores): void {
    if (this.#isWritten) return
    this.#isWritten = true
    storeDecided(tx, this, stores)
  }

  rowChanges(): readonly RowChanges[] {
    return [...this.#changes].map(([table, changes]) => ({ table, changes }))
  }

  operationChanges(): readonly OperationRow[] {
    return [...this.#operationChanges.values()]
  }

  claimChanges(): readonly Claimed[] {
    return [...this.#claimsBefore].map(([value, before]) => ({
      value,
      before,
      now: this.claims.get(value) ?? null,
    }))
  }
}
