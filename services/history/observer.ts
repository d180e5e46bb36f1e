// Owns: which topics history reads, and handing a batch of them to the storage.
import { TOPIC } from '@ensemble/core'
import type { Observer } from '@ensemble/runtime'
import { LOGGER } from '@ensemble/service-contracts'
import { batchOf, type HistoryStorage } from './storage.ts'

export function historyObserver(storage: Pick<HistoryStorage, 'record'>): Observer {
  const services = ['user', 'order', 'payment', 'notification', LOGGER]
  return {
    topics: [TOPIC.history, TOPIC.ended, ...services.map(TOPIC.events)],
    record: (tx, messages) => storage.record(tx, batchOf(messages)),
  }
}
