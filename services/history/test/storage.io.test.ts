// Scenes: the suite of storages, on PostgreSQL.
import { migratedDatabase } from '@ensemble/service/testing/database'
import { historyStorage } from '../history-store.ts'
import { history } from '../main.ts'
import { batchOf } from '../storage.ts'
import { storageConformance } from './conformance.ts'
import { consumed } from './consumed.ts'

const TABLES = ['tb_history_document', 'tb_history_entry', 'tb_saga', 'tb_saga_decision', 'tb_saga_note']

storageConformance(async () => {
  const migrated = await migratedDatabase('history', history.migrations ?? new URL('.', import.meta.url))
  const { database } = migrated
  return {
    storage: historyStorage({ database, read: database }),
    record: (storage, messages) =>
      consumed(messages, (some) => database.transaction((tx) => storage.record(tx, batchOf(some)))),
    everything: async () => {
      const rows = await Promise.all(TABLES.map((table) => database.query(`SELECT * FROM ${table}`)))
      return JSON.stringify(rows)
    },
    end: () => migrated.end(),
  }
})
