// Owns: one database server of the model: its tables, the order of its commits, who waits for whom, its clock.
// I1: a transaction that would wait in a circle is refused (DEADLOCK); whoever waits goes on when the other one ends.
// I2: SERIALIZABLE refuses a commit when a concurrent transaction has read what this one wrote and written what it
// read: with two transactions that is exactly when no serial order explains both (Cahill, Röhm and Fekete, 2008).
import type { Time } from '@ensemble/core'
import type { TableRef } from '@ensemble/memory'
import type { Schedule } from '../schedule.ts'
import { raised } from './errors.ts'
import { Table, type Holder } from './table.ts'
import { ServerTransaction } from './transaction.ts'

export type Isolation = 'read committed' | 'repeatable read' | 'serializable'

interface Footprint {
  readonly commit: number
  readonly reads: ReadonlySet<string>
  readonly writes: ReadonlySet<string>
}

export interface ServerOptions {
  readonly name: string
  readonly schedule: Schedule
  readonly isolation: Isolation
}

export class DatabaseServer {
  readonly name: string
  readonly isolation: Isolation
  readonly #schedule: Schedule
  readonly #tables = new Map<string, Map<TableRef<object>, Table>>()
  readonly #waits = new Map<Holder, Holder>()
  readonly #wakes = new Map<Holder, (() => void)[]>()
  readonly #open = new Set<ServerTransaction>()
  readonly #footprints: Footprint[] = []
  #commitCount = 0
  #sequence = 0
  #skewMs = 0
  #downUntil: Time = 0

  constructor({ name, schedule, isolation }: ServerOptions) {
    this.name = name
    this.isolation = isolation
    this.#schedule = schedule
  }

  get now(): Time {
    return this.#schedule.now + this.#skewMs
  }

  get commitCount(): number {
    return this.#commitCount
  }

  get isDown(): boolean {
    return this.#schedule.now < this.#downUntil
  }

  /** Whoever connects meanwhile is refused; sessions are lost by those who have them. */
  goDown(ms: number): void {
    this.#downUntil = this.#schedule.now + ms
  }

  jumpClock(ms: number): void {
    this.#skewMs += ms
  }

  nextSequence(): number {
    this.#sequence += 1
    return this.#sequence
  }

  /** A table without a home is a service's own: each schema has one. */
  table(schema: string, ref: TableRef<object>): Table {
    const owner = ref.home === null ? schema : ''
    const tables = this.#tables.get(owner) ?? new Map<TableRef<object>, Table>()
    this.#tables.set(owner, tables)
    const table = tables.get(ref) ?? new Table({ schema, name: ref.name, isOwn: ref.home === null })
    tables.set(ref, table)
    return table
  }

  tables(): readonly Table[] {
    return [...this.#tables.values()].flatMap((tables) => [...tables.values()])
  }

  begin(schema: string): ServerTransaction {
    const tx = new ServerTransaction(this, schema)
    this.#open.add(tx)
    return tx
  }

  /** Errors: SERIALIZATION; the transaction is then still open. */
  commit(tx: ServerTransaction): void {
    const written = tx.written()
    if (this.isolation === 'serializable') this.#refuseUnserializable(tx, written)
    if (written.length > 0) this.#commitCount += 1
    tx.commit(this.#commitCount)
    if (this.isolation === 'serializable')
      this.#footprints.push({ commit: this.#commitCount, reads: new Set(tx.reads), writes: new Set(written) })
    this.#ended(tx)
  }

  rollback(tx: ServerTransaction): void {
    if (!this.#open.has(tx)) return
    tx.rollback()
    this.#ended(tx)
  }

  /** Locks were freed without an end, by ROLLBACK TO SAVEPOINT. */
  freed(tx: ServerTransaction): void {
    this.#wake(tx)
  }

  /** `wake` is called when `holder` has ended. Errors: DEADLOCK. */
  wait(tx: ServerTransaction, holder: Holder, wake: () => void): void {
    for (let next: Holder | undefined = holder; next !== undefined; next = this.#waits.get(next)) {
      if (next === tx) throw raised('DEADLOCK', 'each waits for the other')
    }
    this.#waits.set(tx, holder)
    const wakes = this.#wakes.get(holder) ?? []
    this.#wakes.set(holder, wakes)
    wakes.push(() => {
      if (this.#waits.get(tx) !== holder) return
      this.#waits.delete(tx)
      wake()
    })
  }

  /** True when it was still waiting. */
  stopWaiting(tx: ServerTransaction): boolean {
    return this.#waits.delete(tx)
  }

  #ended(tx: ServerTransaction): void {
    this.#open.delete(tx)
    this.#waits.delete(tx)
    this.#wake(tx)
  }

  #wake(tx: ServerTransaction): void {
    const wakes = this.#wakes.get(tx) ?? []
    this.#wakes.delete(tx)
    for (const wake of wakes) wake()
  }

  #refuseUnserializable(tx: ServerTransaction, written: readonly string[]): void {
    const writes = new Set(written)
    const meets = (reads: ReadonlySet<string>, others: ReadonlySet<string>): boolean =>
      [...others].some((name) => reads.has(name) || reads.has(name.replace(/ .*$/s, ' *')))
    const dangerous = this.#footprints.some(
      (other) => other.commit > tx.begunAt && meets(tx.reads, other.writes) && meets(other.reads, writes),
    )
    if (dangerous) throw raised('SERIALIZATION', 'read and write dependencies among transactions')
  }
}
