// Owns: putting the memory database together: its stores over one home.
import type { Clock, Database, Result, Transaction } from '@ensemble/runtime'
import { Home } from './home.ts'
import { EXECUTOR, type Executing } from './statement.ts'
import { memoryStores } from './stores/stores.ts'
import { refuseSql } from './transaction.ts'

/**
 * A database in this process's memory: one transaction at a time, real rollback, the errors of Postgres.
 * A transaction must not wait for another one of the same database.
 */
export function memoryDatabase(options: {
  readonly name: string
  readonly clock: Pick<Clock, 'now'>
}): Database & Executing {
  const home = new Home(options.name, options.clock)
  return {
    [EXECUTOR]: home,
    stores: memoryStores(home),
    transaction: <T>(work: (tx: Transaction) => Promise<T>) => home.transaction(work),
    query: async (): Promise<Result> => refuseSql(),
  }
}
