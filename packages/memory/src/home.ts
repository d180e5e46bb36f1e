// Owns: what one memory database is: one transaction at a time, the clock of its transactions, how a store finds the
// transaction (or the database) that it was handed. Does not own rows (table.ts) or what stores mean.
// I1: transactions run one after the other in the order they were asked for. So a transaction must not wait for another
// one of the same database, nor for a write that is given the database instead of the transaction: that waits for ever.
// I2: reads that are given the database see what is committed and wait for nobody.
import type { Clock, Queryable } from '@ensemble/runtime'
import { MemoryError } from './errors.ts'
import { MemoryTransaction } from './transaction.ts'

export class Home {
  readonly name: string
  readonly #clock: Pick<Clock, 'now'>
  #tail: Promise<unknown> = Promise.resolve()
  #sequence = 0

  constructor(name: string, clock: Pick<Clock, 'now'>) {
    this.name = name
    this.#clock = clock
  }

  /** Grows with each call, never rolled back. */
  nextSequence(): number {
    this.#sequence += 1
    return this.#sequence
  }

  async transaction<T>(work: (tx: MemoryTransaction) => Promise<T>): Promise<T> {
    const turn = this.#tail.then(() => this.#runOnce(work))
    this.#tail = turn.catch(() => undefined)
    const { value, tx } = await turn
    tx.runActions()
    return value
  }

  /** A view of what is committed; what is written to it is never committed. */
  view(): MemoryTransaction {
    return new MemoryTransaction(this, this.#clock.now())
  }

  async #runOnce<T>(
    work: (tx: MemoryTransaction) => Promise<T>,
  ): Promise<{ value: T; tx: MemoryTransaction }> {
    const tx = this.view()
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

const homes = new WeakMap<Queryable, Home>()

export function register(database: Queryable, home: Home): void {
  homes.set(database, home)
}

/** Runs one statement: at once inside a transaction, in one of its own when it was given the database. */
export async function writing<T>(tx: Queryable, statement: (tx: MemoryTransaction) => T): Promise<T> {
  if (tx instanceof MemoryTransaction) return tx.run(statement)
  return homeOf(tx).transaction(async (own) => own.run(statement))
}

export async function reading<T>(tx: Queryable, statement: (tx: MemoryTransaction) => T): Promise<T> {
  return tx instanceof MemoryTransaction ? tx.run(statement) : homeOf(tx).view().run(statement)
}

function homeOf(database: Queryable): Home {
  const home = homes.get(database)
  if (home === undefined)
    throw new MemoryError('SQL', 'this is no transaction or database of @ensemble/memory')
  return home
}
