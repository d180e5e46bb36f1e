// Owns: what the database model raises, and the signal that a statement has to wait.
import { MemoryError } from '@ensemble/memory'
import type { DatabaseErrorCode } from '@ensemble/runtime'
import type { Holder, Slot } from './table.ts'

export function raised(code: DatabaseErrorCode, message: string): MemoryError {
  return new MemoryError(code, message)
}

/** A statement met a row that another transaction holds: it waits for that one and is run again. */
export class Blocked extends Error {
  readonly slot: Slot
  readonly holder: Holder

  constructor(slot: Slot, holder: Holder) {
    super('waits for a lock')
    this.slot = slot
    this.holder = holder
  }
}
