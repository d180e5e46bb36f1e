// Owns: the engine's stores of one database, over statements.
import type { Stores } from '@ensemble/runtime'
import { deadLetterStore, outboxStore, scheduledStore } from './messages.ts'
import { operationStore } from './operations.ts'
import { sagaStore, startStore } from './sagas.ts'
import { claimStore, progressStore, registryStore } from './small.ts'

/** `home` is the database that they belong to; transactions of another one are refused. */
export function memoryStores(home: object): Stores {
  return {
    operations: operationStore(home),
    sagas: sagaStore(home),
    starts: startStore(home),
    scheduled: scheduledStore(home),
    claims: claimStore(home),
    deadLetters: deadLetterStore(home),
    outbox: outboxStore(home),
    progress: progressStore(home),
    registry: registryStore(home),
  }
}
