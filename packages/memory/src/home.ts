// Owns: what one memory database is: its tables, one transaction at a time, the clock of its transactions.
// Does not own rows (table.ts) or what stores mean.
// I1: transactions run one after the other in the order they were asked for. So a transaction must not wait for another
// one of the same database, nor for a write that is given the database instead of the transaction: that waits for ever.
// I2: reads that are given the database see what is committed and wait for nobody.
import type { Clock } from '@ensemble/runtime'
import type { Executor, Open, TableRef } from './statement.ts'
import { Table } from './table.ts'
import { MemoryTransaction } from './transaction.ts'

export class Home implements Executor {
  readonly name: string
  readonly #clock: Pick<Clock, 'now'>
  readonly #tables = new Map<TableRef<object>, Table>()
  #tail: Promise<unknown> = Promise.resolve()
  #sequence = 0

  constructor(name: string, clock: Pick<Clock, 'now'>) {
    this.name = name
    this.#clock = clock
  }

  nextSequence(): number {
    this.#sequence += 1
    return this.#sequence
  }

  table(ref: TableRef<object>): Table {
    const table = this.#tables.get(ref) ?? new Table()
    this.#tables.set(ref, table)
    return table
  }

  async transaction<T>(work: (tx: MemoryTransaction) => Promise<T>): Promise<T> {
    const turn = this.#tail.then(() => this.#runOnce(work))
    this.#tail = turn.catch(() => undefined)
    const { value, tx } = await turn
    tx.runActions()
    return value
  }

  async execute<T>(mode: 'read' | 'write', statement: (open: Open) => T): Promise<T> {
    // What a read would write is never committed.
    if (mode === 'read') return await this.#view().execute(mode, statement)
    return await this.transaction(async (own) => await own.execute(mode, statement))
  }

  #view(): MemoryTransaction {
    return new MemoryTransaction(this, this.#clock.now())
  }

  async #runOnce<T>(
    work: (tx: MemoryTransaction) => Promise<T>,
  ): Promise<{ value: T; tx: MemoryTransaction }> {
    const tx = this.#view()
    try {
      const value = await work(tx)
      await tx.commit()
      return { value, tx }
    } catch (error) {
      tx.rollback()
      throw error
    }
  }
}
