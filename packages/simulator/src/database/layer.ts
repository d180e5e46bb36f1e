// Owns: what a transaction has done since it began, since a savepoint, or in a statement: changes, locks, effects of
// its commit; and what becomes of them when that ends.
import type { Change, Slot, Table } from './table.ts'

export class Layer {
  readonly name: string
  readonly changes = new Map<Table, Map<string, Change>>()
  readonly locks = new Set<Slot>()
  readonly effects: (() => void)[] = []
  /** Locks that were taken in a savepoint which is released. */
  readonly #inherited = new Set<Slot>()
  /** Rows that were inserted in such a savepoint where the transaction had deleted one: some wait for the new one. */
  readonly #replaced = new Set<Slot>()

  constructor(name: string) {
    this.name = name
  }

  put(table: Table, key: string, change: Change): void {
    const rows = this.changes.get(table) ?? new Map<string, Change>()
    this.changes.set(table, rows.set(key, change))
  }

  replaces(slot: Slot): void {
    this.#replaced.add(slot)
  }

  /** Hands everything on. `isReleased`: a savepoint's, not a statement's. */
  passTo(below: Layer, isReleased: boolean): void {
    for (const [table, rows] of this.changes) for (const [key, change] of rows) below.put(table, key, change)
    for (const slot of this.locks) (isReleased ? below.#inherited : below.locks).add(slot)
    for (const slot of this.#inherited) below.#inherited.add(slot)
    for (const slot of this.#replaced) if (isReleased || !below.locks.has(slot)) below.#replaced.add(slot)
    below.effects.push(...this.effects)
  }

  /** Forgets everything and unlocks. Answers the locks whose waiters can go on although the transaction does. */
  drop(): readonly Slot[] {
    const freed = [...this.locks].filter((slot) => !this.#replaced.has(slot))
    this.unlock(() => true)
    this.#replaced.clear()
    this.changes.clear()
    this.effects.length = 0
    return freed
  }

  unlock(which: (slot: Slot) => boolean): void {
    for (const slots of [this.locks, this.#inherited]) {
      for (const slot of [...slots].filter(which)) {
        slots.delete(slot)
        slot.holder = null
      }
    }
  }

  /** Every row that was changed. */
  touched(): readonly { readonly table: Table; readonly key: string; readonly change: Change }[] {
    return [...this.changes].flatMap(([table, rows]) =>
      [...rows].map(([key, change]) => ({ table, key, change })),
    )
  }
}
