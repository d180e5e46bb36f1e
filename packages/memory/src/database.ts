// Owns: putting the memory database together: its stores over one home.
import type { Clock, Database, Result, Transaction } from '@ensemble/runtime'
import { Home, register } from './home.ts'
import { deadLetterStore, outboxStore, scheduledStore } from './stores/messages.ts'
import { operationStore } from './stores/operations.ts'
import { sagaStore, startStore } from './stores/sagas.ts'
import { claimStore, progressStore, registryStore } from './stores/small.ts'
import { refuseSql } from './transaction.ts'

/**
 * A database in this process's memory: one transaction at a time, real rollback, the errors of Postgres.
 * A transaction must not wait for another one of the same database.
 */
export function memoryDatabase(options: {
  readonly name: string
  readonly clock: Pick<Clock, 'now'>
}): Database {
  const home = new Home(options.name, options.clock)
  const database: Database = {
    stores: {
      operations: operationStore(home),
      sagas: sagaStore(home),
      starts: startStore(home),
      scheduled: scheduledStore(home),
      claims: claimStore(home),
      deadLetters: deadLetterStore(home),
      outbox: outboxStore(home),
      progress: progressStore(home),
      registry: registryStore(home),
    },
    transaction: <T>(work: (tx: Transaction) => Promise<T>) => home.transaction(work),
    query: async (): Promise<Result> => refuseSql(),
  }
  register(database, home)
  return database
}
