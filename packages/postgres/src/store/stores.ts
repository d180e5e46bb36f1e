// Owns: the stores of the engine as one value. They are stateless: the transaction says which database.
import type { Stores } from '@ensemble/runtime'
import { claimStore, deadLetterStore, progressStore, registryStore } from './keepers.ts'
import { operationStore } from './operations.ts'
import { outboxStore, scheduledStore } from './queues.ts'
import { sagaStore } from './sagas.ts'
import { startStore } from './starts.ts'

export const stores: Stores = {
  operations: operationStore,
  sagas: sagaStore,
  starts: startStore,
  scheduled: scheduledStore,
  claims: claimStore,
  deadLetters: deadLetterStore,
  outbox: outboxStore,
  progress: progressStore,
  registry: registryStore,
}
