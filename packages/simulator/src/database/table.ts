// Owns: one table of a database model: the versions of each row that were committed, and who holds its lock.
// I1: a version is never changed; a commit adds one. So a snapshot is a number, and the history of a row can be
// checked.
// I2: a row that is inserted where one was deleted is another row: whoever waited for the old one does not find it.
import type { Time } from '@ensemble/core'

export interface Change {
  /** Null: deleted. */
  readonly row: object | null
  /** The same for all versions of one row. */
  readonly line: number
}

interface Version extends Change {
  /** Number of the commit that wrote it. */
  readonly commit: number
  /** In the run's time. */
  readonly at: Time
}

/** The transaction that has a row's lock. */
export interface Holder {
  /** Whether it has changed the row, committed or not: it may be another one, or none, once the holder has ended. */
  hasWritten(table: Table, key: string): boolean
}

export class Slot {
  readonly versions: Version[] = []
  holder: Holder | null = null

  /** What a snapshot shows, undefined where no row is in it. */
  at(snapshot: number): Version | undefined {
    const version = this.versions.findLast(({ commit }) => commit <= snapshot)
    return version?.row === null ? undefined : version
  }

  get latest(): Version | undefined {
    return this.versions.at(-1)
  }
}

export class Table {
  readonly name: string
  readonly schema: string
  /** A service's own, not the engine's. */
  readonly isOwn: boolean
  readonly slots = new Map<string, Slot>()

  constructor(what: { readonly schema: string; readonly name: string; readonly isOwn: boolean }) {
    this.schema = what.schema
    this.name = what.name
    this.isOwn = what.isOwn
  }

  slot(key: string): Slot {
    const slot = this.slots.get(key) ?? new Slot()
    this.slots.set(key, slot)
    return slot
  }

  /** Rows as they are committed now, by key. */
  committed(): ReadonlyMap<string, object> {
    const rows = new Map<string, object>()
    for (const [key, { latest }] of this.slots)
      if (latest !== undefined && latest.row !== null) rows.set(key, latest.row)
    return rows
  }
}
