// Owns: one database server of the model: its tables, the order of its commits, who waits for whom, its clock.
// I1: of transactions that wait in a circle one is refused (DEADLOCK), any of them: a real server refuses whose look at
// the others comes first. Whoever waits goes on when the other one ends.
import type { Time } from '@ensemble/core'
import type { TableRef } from '@ensemble/memory'
import type { Chance } from '../chance.ts'
import type { Schedule } from '../schedule.ts'
import { raised, type Blocked } from './errors.ts'
import { Footprints, type Write } from './footprint.ts'
import { Table, type Holder, type Slot } from './table.ts'
import { ServerTransaction } from './transaction.ts'

export type Isolation = 'read committed' | 'repeatable read' | 'serializable'

/** A transaction that waits for another one's locks. */
export interface Waiter {
  readonly chance: Chance
  /** The other one has ended, or has taken back what it did. */
  readonly wake: () => void
  readonly refuse: (error: Error) => void
}

interface Wait extends Waiter {
  readonly slot: Slot
  readonly holder: Holder
}

export interface ServerOptions {
  readonly name: string
  readonly schedule: Schedule
  readonly isolation: Isolation
}

export class DatabaseServer {
  readonly name: string
  readonly isolation: Isolation
  /** Statements that no service may make, whatever becomes of their transactions. */
  readonly mistakes = new Set<string>()
  readonly #schedule: Schedule
  readonly #tables = new Map<string, Map<TableRef<object>, Table>>()
  readonly #waits = new Map<Holder, Wait>()
  readonly #open = new Set<ServerTransaction>()
  readonly #footprints = new Footprints()
  #commitCount = 0
  #sequence = 0
  #lineCount = 0
  /** How its clock was set, and from when on, in the run's time. */
  readonly #settings: { readonly from: Time; readonly skewMs: number }[] = [
    { from: Number.NEGATIVE_INFINITY, skewMs: 0 },
  ]
  #downUntil: Time = 0

  constructor({ name, schedule, isolation }: ServerOptions) {
    this.name = name
    this.isolation = isolation
    this.#schedule = schedule
  }

  get now(): Time {
    return this.#schedule.now + this.#skewMs
  }

  get #skewMs(): number {
    return this.#settings.at(-1)?.skewMs ?? 0
  }

  /** The earliest that its clock has shown in the last so many milliseconds of the run. */
  earliestIn(ms: number): Time {
    const begin = this.#schedule.now - ms
    const shown = this.#settings.flatMap(({ from, skewMs }, index) => {
      const isOver = (this.#settings[index + 1]?.from ?? Number.POSITIVE_INFINITY) <= begin
      return isOver ? [] : [Math.max(from, begin) + skewMs]
    })
    return Math.min(...shown)
  }

  /** Of the run, whatever its own clock says. */
  get moment(): Time {
    return this.#schedule.now
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
    this.#settings.push({ from: this.#schedule.now, skewMs: this.#skewMs + ms })
  }

  /** The number of a row that is new. */
  nextLine(): number {
    this.#lineCount += 1
    return this.#lineCount
  }

  nextSequence(): number {
    this.#sequence += 1
    return this.#sequence
  }

  /**
   * A table without a home is a service's own: each schema has one. Errors: SQL where a statement in one schema names
   * what is in another one.
   */
  table(schema: string, ref: TableRef<object>): Table {
    if (ref.home !== null && 'schema' in ref.home && ref.home.schema !== schema) {
      const mistake = `${ref.name} of '${String(ref.home.schema)}' is asked for in '${schema}'`
      this.mistakes.add(mistake)
      throw raised('SQL', mistake)
    }
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

  begin(chance: Chance): ServerTransaction {
    const tx = new ServerTransaction(this, chance)
    this.#open.add(tx)
    return tx
  }

  /** Errors: SERIALIZATION; the transaction is then still open. */
  commit(tx: ServerTransaction): void {
    const commit = this.#commitCount + 1
    if (this.isolation === 'serializable')
      this.#footprints.commit(tx, commit, { writes: tx.written(), open: this.#othersOf(tx) })
    this.#commitCount = commit
    tx.commit(commit)
    this.#ended(tx)
  }

  /** Errors: SERIALIZATION, if no serial order could explain this write. */
  refuseUnserializable(tx: ServerTransaction, write: Write): void {
    if (this.isolation === 'serializable')
      this.#footprints.check(tx, { writes: [write], open: this.#othersOf(tx) })
  }

  rollback(tx: ServerTransaction): void {
    if (!this.#open.has(tx)) return
    tx.rollback()
    this.#ended(tx)
  }

  /** Locks are free without an end, by ROLLBACK TO SAVEPOINT or a failed statement; null for all. */
  freed(tx: ServerTransaction, slots: readonly Slot[] | null): void {
    for (const [waiting, { holder, slot, wake }] of this.#waits) {
      if (holder !== tx || slots?.includes(slot) === false) continue
      this.#waits.delete(waiting)
      wake()
    }
  }

  wait(tx: ServerTransaction, { slot, holder }: Blocked, waiter: Waiter): void {
    this.#waits.set(tx, { ...waiter, slot, holder })
    const circle = this.#circleOf(tx)
    if (circle.length === 0) return
    const [victim = tx] = waiter.chance.shuffled(circle)
    const refused = this.#waits.get(victim)
    this.#waits.delete(victim)
    refused?.refuse(raised('DEADLOCK', 'each waits for the other'))
  }

  /** True when it was still waiting. */
  stopWaiting(tx: ServerTransaction): boolean {
    return this.#waits.delete(tx)
  }

  #othersOf(tx: ServerTransaction): readonly ServerTransaction[] {
    return [...this.#open].filter((other) => other !== tx)
  }

  /** Those who wait for each other, this one among them. */
  #circleOf(tx: Holder): readonly Holder[] {
    const circle = [tx]
    for (let next = this.#waits.get(tx)?.holder; next !== undefined; next = this.#waits.get(next)?.holder) {
      if (next === tx) return circle
      circle.push(next)
    }
    return []
  }

  #ended(tx: ServerTransaction): void {
    this.#open.delete(tx)
    this.#waits.delete(tx)
    this.freed(tx, null)
  }
}
