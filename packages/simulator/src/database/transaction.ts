// Owns: one transaction of the database model as the server sees it: its snapshot, its changes in layers (statement,
// savepoints, transaction), its row locks, and what one statement sees and does. Does not own waiting (session.ts).
// I1: READ COMMITTED: each statement has a snapshot of its own; a row that it locks is read as it is now. Above that,
// the snapshot is the transaction's, and locking a row that has changed since raises SERIALIZATION.
// I2: a lock lasts until the transaction, or the savepoint in which it was taken, ends; a failed statement ends it,
// too. Once that savepoint is released, whoever waits for the lock waits for the end of the whole transaction.
// I3: a statement that has to wait keeps its locks and its snapshot; its changes are made again when it goes on.
import { plain, type Time } from '@ensemble/core'
import type { Condition, Open, TableRef } from '@ensemble/memory'
import type { Chance } from '../chance.ts'
import { Blocked, raised } from './errors.ts'
import { Reads, type Reader, type Write } from './footprint.ts'
import { Layer } from './layer.ts'
import type { DatabaseServer } from './server.ts'
import type { Change, Holder, Slot, Table } from './table.ts'

interface Locking<Row> {
  readonly waits: boolean
  readonly keep: Condition<Row> | undefined
}

interface Run {
  readonly schema: string
  readonly isAgain: boolean
}

export class ServerTransaction implements Open, Holder, Reader {
  readonly now: Time
  readonly begunAt: number
  readonly reads = new Reads()
  readonly #server: DatabaseServer
  readonly #chance: Chance
  readonly #bottom = new Layer('transaction')
  readonly #layers: Layer[] = [this.#bottom]
  /** Of the transaction above READ COMMITTED, else of the statement. */
  #snapshot: number
  /** In which the statement under way is. */
  #schema = ''
  /** Changes of a statement that waits. */
  #unfinished: Layer['changes'] | null = null

  constructor(server: DatabaseServer, chance: Chance) {
    this.#server = server
    this.#chance = chance
    this.now = server.now
    this.begunAt = server.commitCount
    this.#snapshot = server.commitCount
  }

  /** Runs a statement in a schema; throws Blocked when it has to wait, and is then to be run again with `isAgain`. */
  run<T>(statement: (open: Open) => T, { schema, isAgain }: Run): T {
    this.#schema = schema
    if (!isAgain && this.#server.isolation === 'read committed') this.#snapshot = this.#server.commitCount
    this.#unfinished = null
    const own = new Layer('statement')
    this.#layers.push(own)
    try {
      const value = statement(this)
      this.#layers.pop()
      own.passTo(this.#top, false)
      return value
    } catch (error) {
      this.#layers.pop()
      // What was locked stays locked, as in a statement that waits in the middle.
      for (const slot of own.locks) this.#top.locks.add(slot)
      if (error instanceof Blocked) this.#unfinished = own.changes
      throw error
    }
  }

  /**
   * Takes back what was done since the last savepoint, or since BEGIN, as a server does where a statement fails.
   * Answers the locks whose waiters can go on, null for all.
   */
  abort(): readonly Slot[] | null {
    this.#unfinished = null
    const freed = this.#top.drop()
    if (this.#top !== this.#bottom) return freed
    this.reads.forget()
    return null
  }

  savepoint(name: string): void {
    this.#layers.push(new Layer(name))
  }

  release(name: string): void {
    for (const dropped of this.#cut(name).toReversed()) dropped.passTo(this.#top, true)
  }

  /** Answers the locks whose waiters can go on. */
  rollbackTo(name: string): readonly Slot[] {
    const freed = this.#cut(name).flatMap((dropped) => dropped.drop())
    this.savepoint(name)
    return freed
  }

  /** Writes become versions, those of open savepoints too. The caller has checked that it may. */
  commit(commit: number): void {
    for (const open of this.#layers.splice(1).toReversed()) open.passTo(this.#top, true)
    for (const { table, key, change } of this.#bottom.touched())
      table.slot(key).versions.push({ ...change, commit, at: this.#server.moment })
    for (const effect of this.#bottom.effects) effect()
    this.#bottom.drop()
  }

  rollback(): void {
    for (const one of this.#layers) one.drop()
  }

  /** Locks that protect no change are lost, as a lease transfer may do where they are only a hint. */
  dropLocks(): void {
    const changed = this.#layers.flatMap((one) => one.touched())
    const written = new Set(changed.map(({ table, key }) => table.slot(key)))
    for (const one of this.#layers) one.unlock((slot) => !written.has(slot))
  }

  /** Every row that was written, for the checks of SERIALIZABLE. */
  written(): readonly Write[] {
    return this.#layers
      .flatMap((one) => one.touched())
      .map(({ table, key, change }) => {
        const before = table.slots.get(key)?.latest?.row ?? null
        return { table, key, rows: [before, change.row].filter((row) => row !== null) }
      })
  }

  nextSequence(): number {
    return this.#server.nextSequence()
  }

  inAnyOrder<T>(items: readonly T[]): T[] {
    return this.#chance.shuffled(items)
  }

  get<Row extends object>(ref: TableRef<Row>, key: string): Row | undefined {
    const table = this.#table(ref)
    this.#reads(table, key)
    const own = typed<Row>(this.#own(table, key))
    const theirs = typed<Row>(this.#theirs(table.slots.get(key), this.#own(table, key)))
    return own === undefined || (theirs !== undefined && this.#chance.hit(0.5)) ? theirs : own
  }

  pick<Row extends object>(ref: TableRef<Row>, keep: (row: Readonly<Row>) => boolean): Row[] {
    const table = this.#table(ref)
    if (this.#isSerializable) this.reads.search(table, (row) => keep(row as Row))
    return this.#visible<Row>(table).filter(keep)
  }

  *inOrder<Row extends object>(
    ref: TableRef<Row>,
    keep: (row: Readonly<Row>) => boolean,
    by: (a: Readonly<Row>, b: Readonly<Row>) => number,
  ): Iterable<Row> {
    const table = this.#table(ref)
    let last: Row | null = null
    let isWhole = false
    const isRead = (row: Row): boolean => isWhole || (last !== null && by(row, last) <= 0)
    if (this.#isSerializable) this.reads.search(table, (row) => keep(row as Row) && isRead(row as Row))
    for (const row of this.inAnyOrder(this.#visible<Row>(table).filter(keep)).sort(by)) {
      last = row
      yield row
    }
    isWhole = true
  }

  lock<Row extends object>(ref: TableRef<Row>, key: string, keep?: Condition<Row>): Row | undefined {
    return this.#lock<Row>(ref, key, { waits: true, keep })
  }

  lockFree<Row extends object>(ref: TableRef<Row>, key: string, keep?: Condition<Row>): Row | undefined {
    return this.#lock<Row>(ref, key, { waits: false, keep })
  }

  insert<Row extends object>(ref: TableRef<Row>, key: string, row: Row): void {
    const table = this.#table(ref)
    if (this.#isThere(table, key)) {
      // To who has read this key; searches by something else are not asked.
      this.#server.refuseUnserializable(this, { table, key, rows: [] })
      throw raised('UNIQUE', `${ref.name}: '${key}' is already there`)
    }
    this.#begin(table, key, row)
  }

  offer<Row extends object>(ref: TableRef<Row>, key: string, row: Row): void {
    const table = this.#table(ref)
    if (!this.#isThere(table, key)) this.#begin(table, key, row)
    else if (this.#own(table, key) === undefined) this.#refuseMoved(table.slot(key), ref.name, key)
  }

  upsert<Row extends object>(ref: TableRef<Row>, key: string, merge: (row: Row | undefined) => Row): Row {
    const table = this.#table(ref)
    const own = this.#own(table, key)
    const slot = table.slot(key)
    const other = this.#otherOf(slot)
    if (other !== null) throw new Blocked(slot, other)
    const there = own ?? slot.latest
    const row = merge(typed<Row>(there))
    if (there === undefined || there.row === null) {
      this.#begin(table, key, row)
      return row
    }
    if (own === undefined) this.#refuseMoved(slot, ref.name, key)
    this.#take(slot)
    this.#put(table, key, { row, line: there.line })
    return row
  }

  write<Row extends object>(ref: TableRef<Row>, key: string, row: Row | null): void {
    const table = this.#table(ref)
    if (table.slot(key).holder !== this) this.lock(ref, key)
    const line = (this.#own(table, key) ?? table.slot(key).latest)?.line
    if (line === undefined) throw raised('SQL', `${ref.name}: '${key}' is written and not there`)
    this.#put(table, key, { row, line })
  }

  atCommit(effect: () => void): void {
    this.#top.effects.push(effect)
  }

  hasWritten(table: Table, key: string): boolean {
    return this.#own(table, key) !== undefined || this.#unfinished?.get(table)?.has(key) === true
  }

  #lock<Row extends object>(ref: TableRef<Row>, key: string, how: Locking<Row>): Row | undefined {
    const table = this.#table(ref)
    this.#reads(table, key)
    const slot = table.slots.get(key)
    if (slot === undefined) return undefined
    const own = this.#own(table, key)
    const seen = this.#theirs(slot, own)
    const kept = (change: Change | undefined): Row | undefined => {
      const row = typed<Row>(change)
      return row === undefined || how.keep?.(row) === false ? undefined : row
    }
    // Where both are, a join on the key meets one of them and stops.
    if (kept(seen) !== undefined && (own === undefined || this.#chance.hit(0.5)))
      this.#refuseMoved(slot, ref.name, key)
    if (own !== undefined) return kept(own)
    const isGone = slot.latest === undefined || slot.latest.row === null || slot.latest.line !== seen?.line
    if (kept(seen) === undefined || isGone) return undefined
    const other = this.#otherOf(slot)
    if (other === null) {
      this.#take(slot)
      return kept(slot.latest)
    }
    if (how.waits) throw new Blocked(slot, other)
    return undefined
  }

  /** Every row that the transaction sees. One of the snapshot may stand beside an own new one that has its key. */
  #visible<Row extends object>(table: Table): Row[] {
    const found: Row[] = []
    for (const [key, slot] of table.slots) {
      const own = this.#own(table, key)
      for (const row of [typed<Row>(this.#theirs(slot, own)), typed<Row>(own)])
        if (row !== undefined) found.push(row)
    }
    return found
  }

  /**
   * The row of the snapshot. Where an own one is, the one before it was deleted: by this transaction, or by another one
   * that the snapshot lacks.
   */
  #theirs(slot: Slot | undefined, own: Change | undefined): Change | undefined {
    if (slot === undefined || (own !== undefined && !this.#isNewer(slot))) return undefined
    return slot.at(this.#snapshot)
  }

  /** Whether an insert would meet a row. One that is only locked is there; one that is being written may not stay. */
  #isThere(table: Table, key: string): boolean {
    const own = this.#own(table, key)
    if (own !== undefined && own.row !== null) return true
    const slot = table.slot(key)
    const other = this.#otherOf(slot)
    if (other?.hasWritten(table, key) === true) throw new Blocked(slot, other)
    if (own === undefined && (slot.latest?.row ?? null) !== null) return true
    if (other !== null) throw new Blocked(slot, other)
    return false
  }

  #refuseMoved(slot: Slot, name: string, key: string): void {
    if (this.#server.isolation !== 'read committed' && this.#isNewer(slot))
      throw raised('SERIALIZATION', `${name}: '${key}' was changed by a concurrent transaction`)
  }

  /** Whether somebody has changed it since the snapshot. */
  #isNewer({ latest }: Slot): boolean {
    return latest !== undefined && latest.commit > this.#snapshot
  }

  #otherOf({ holder }: Slot): Holder | null {
    return holder === this ? null : holder
  }

  #take(slot: Slot): void {
    if (slot.holder === this) return
    slot.holder = this
    this.#top.locks.add(slot)
  }

  /** Stores a row where none is. Whoever waits already for a deleted one may come to wait for this one instead. */
  #begin(table: Table, key: string, row: object): void {
    const slot = table.slot(key)
    if (slot.holder === this && this.#chance.hit(0.5)) this.#top.replaces(slot)
    this.#take(slot)
    this.#put(table, key, { row, line: this.#server.nextLine() })
  }

  #put(table: Table, key: string, { row, line }: Change): void {
    this.#top.put(table, key, { row: plain(row), line })
  }

  /** The own change of a row, undefined when there is none. */
  #own(table: Table, key: string): Change | undefined {
    for (let index = this.#layers.length - 1; index >= 0; index -= 1) {
      const change = this.#layers[index]?.changes.get(table)?.get(key)
      if (change !== undefined) return change
    }
    return undefined
  }

  /** What a savepoint has written may be taken back, what it has read stays read. */
  #reads(table: Table, key: string): void {
    if (this.#isSerializable && this.#bottom.changes.get(table)?.has(key) !== true) this.reads.key(table, key)
  }

  get #isSerializable(): boolean {
    return this.#server.isolation === 'serializable'
  }

  #table(ref: TableRef<object>): Table {
    return this.#server.table(this.#schema, ref)
  }

  #cut(name: string): Layer[] {
    const from = this.#layers.findLastIndex((one) => one.name === name)
    if (from === -1) throw raised('SQL', `there is no savepoint ${name}`)
    return this.#layers.splice(from)
  }

  get #top(): Layer {
    return this.#layers.at(-1) ?? this.#bottom
  }
}

/** A table holds what was written under its reference, so a row has the reference's type. */
function typed<Row extends object>(change: Change | undefined): Row | undefined {
  return change === undefined || change.row === null ? undefined : (change.row as Row)
}
