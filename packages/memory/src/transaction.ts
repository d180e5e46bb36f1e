// Owns: one transaction: its layers of changes, savepoints, deferred writes, commit, rollback. As strict as Postgres.
// I1: the first statement that failed is the transaction's failure, whatever was caught on the way, unless a savepoint
// took it back. Until the transaction or the savepoint ends, each further statement fails with it.
// I2: until `commit` returns nobody else sees a change; after `rollback` there is none.
// I3: `atCommit` effects are part of the commit: they are dropped with their savepoint and must not throw.
import type { Result, Transaction } from '@ensemble/runtime'
import { MemoryError } from './errors.ts'
import type { Home } from './home.ts'
import { EXECUTOR } from './statement.ts'
import type { Condition, Executing, Executor, Open, TableRef } from './statement.ts'
import { Layer } from './table.ts'
import type { Table } from './table.ts'

export class MemoryTransaction implements Transaction, Executor, Executing, Open {
  readonly [EXECUTOR] = this
  readonly now: number
  readonly #home: Home
  readonly #bottom = new Layer()
  readonly #layers: Layer[] = [this.#bottom]
  readonly #deferred: Promise<unknown>[] = []
  readonly #effects: (() => void)[] = []
  readonly #actions: (() => void)[] = []
  #failure: { readonly error: unknown } | null = null
  #hasEnded = false

  constructor(home: Home, now: number) {
    this.#home = home
    this.now = now
  }

  async query(): Promise<Result> {
    return await this.execute('read', refuseSql)
  }

  defer(write: Promise<unknown>): void {
    write.catch(() => undefined)
    this.#deferred.push(write)
  }

  onCommit(action: () => void): void {
    this.#actions.push(action)
  }

  /** For the bus that lives in the database: moves positions and appends messages together with the rows. */
  atCommit(effect: () => void): void {
    this.#effects.push(effect)
  }

  async savepoint<T>(work: () => Promise<T>): Promise<T> {
    this.#refuseUnlessUsable()
    const layer = new Layer()
    const before = {
      deferred: this.#deferred.length,
      effects: this.#effects.length,
      actions: this.#actions.length,
    }
    this.#layers.push(layer)
    try {
      const value = await work()
      if (this.#failure !== null) throw this.#failure.error
      const below = this.#layers.at(-2)
      if (this.#layers.at(-1) !== layer || below === undefined) {
        throw new MemoryError('SQL', 'savepoints overlap: one at a time')
      }
      for (const table of layer.touched) table.merge(layer, below)
      this.#layers.pop()
      return value
    } catch (error) {
      for (const dropped of this.#layers.splice(this.#layers.indexOf(layer))) drop(dropped)
      this.#deferred.length = before.deferred
      this.#effects.length = before.effects
      this.#actions.length = before.actions
      this.#failure = null
      throw error
    }
  }

  async execute<T>(_mode: 'read' | 'write', statement: (open: Open) => T): Promise<T> {
    this.#refuseUnlessUsable()
    try {
      return statement(this)
    } catch (error) {
      this.#failure = { error }
      throw error
    }
  }

  nextSequence(): number {
    return this.#home.nextSequence()
  }

  /** As they are, so that a test is the same each time. */
  inAnyOrder<T>(items: readonly T[]): T[] {
    return [...items]
  }

  get<Row extends object>(table: TableRef<Row>, key: string): Row | undefined {
    // The table holds what was written under this reference, so it has its type.
    return this.#table(table).find(this.#layers, key) as Row | undefined
  }

  pick<Row extends object>(table: TableRef<Row>, keep: (row: Readonly<Row>) => boolean): Row[] {
    return this.#table(table).pick(this.#layers, keep as (row: object) => boolean) as Row[]
  }

  inOrder<Row extends object>(
    table: TableRef<Row>,
    keep: (row: Readonly<Row>) => boolean,
    by: (a: Readonly<Row>, b: Readonly<Row>) => number,
  ): Iterable<Row> {
    return this.pick(table, keep).sort(by)
  }

  /** Nobody else is there to wait for. */
  lock<Row extends object>(table: TableRef<Row>, key: string, keep?: Condition<Row>): Row | undefined {
    const row = this.get(table, key)
    return row === undefined || keep?.(row) === false ? undefined : row
  }

  lockFree<Row extends object>(table: TableRef<Row>, key: string, keep?: Condition<Row>): Row | undefined {
    return this.lock(table, key, keep)
  }

  insert<Row extends object>(table: TableRef<Row>, key: string, row: Row): void {
    if (this.get(table, key) !== undefined)
      throw new MemoryError('UNIQUE', `${table.name}: '${key}' is already there`)
    this.write(table, key, row)
  }

  offer<Row extends object>(table: TableRef<Row>, key: string, row: Row): void {
    if (this.get(table, key) === undefined) this.write(table, key, row)
  }

  upsert<Row extends object>(table: TableRef<Row>, key: string, merge: (row: Row | undefined) => Row): Row {
    const row = merge(this.get(table, key))
    this.write(table, key, row)
    return row
  }

  write<Row extends object>(table: TableRef<Row>, key: string, row: Row | null): void {
    this.#table(table).write(this.#layers.at(-1) ?? this.#bottom, key, row)
  }

  async commit(): Promise<void> {
    if (this.#failure !== null) throw this.#failure.error
    this.#hasEnded = true
    const refused = (await Promise.allSettled(this.#deferred)).find(({ status }) => status === 'rejected')
    if (refused?.status === 'rejected') throw refused.reason
    for (const table of this.#bottom.touched) table.apply(this.#bottom)
    for (const effect of this.#effects) effect()
  }

  rollback(): void {
    this.#hasEnded = true
    this.#layers.forEach(drop)
  }

  /** The commit is a fact by now: a wake-up that fails must not make it look like a failure. */
  runActions(): void {
    for (const action of this.#actions) {
      try {
        action()
      } catch (error) {
        process.emitWarning(`onCommit: ${error instanceof Error ? error.message : String(error)}`)
      }
    }
  }

  #table(ref: TableRef<object>): Table {
    if (ref.home === null || ref.home === this.#home) return this.#home.table(ref)
    throw new MemoryError('SQL', `${ref.name}: this transaction is of another database, '${this.#home.name}'`)
  }

  #refuseUnlessUsable(): void {
    if (this.#hasEnded) throw new MemoryError('SQL', 'the transaction has already ended')
    if (this.#failure !== null) throw this.#failure.error
  }
}

function drop(layer: Layer): void {
  for (const table of layer.touched) table.drop(layer)
}

export function refuseSql(): never {
  throw new MemoryError('SQL', 'the memory database has no SQL: use its stores, memoryRows and memoryEntries')
}
