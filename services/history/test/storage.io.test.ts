// Scenes: the suite of storages, on PostgreSQL.
import { isRecord } from '@ensemble/core'
import { migratedDatabase } from '@ensemble/service/testing/database'
import { historyStorage } from '../history-store.ts'
import { history } from '../main.ts'
import { batchOf } from '../storage.ts'
import { storageConformance } from './conformance.ts'

const TRIES_MAX = 30
const TABLES = ['tb_history_document', 'tb_history_entry', 'tb_saga', 'tb_saga_decision', 'tb_saga_note']

/** As the consumer does with a batch that lost a race. */
async function again(work: () => Promise<void>): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await work()
      return
    } catch (error) {
      if (tries >= TRIES_MAX || !isRecord(error) || !['UNIQUE', 'MOVED'].includes(String(error['code'])))
        throw error
    }
  }
}

storageConformance(async () => {
  const { database, end } = await migratedDatabase(
    'history',
    history.migrations ?? new URL('.', import.meta.url),
  )
  return {
    storage: historyStorage({ database, read: database }),
    record: (storage, messages) =>
      again(() => database.transaction((tx) => storage.record(tx, batchOf(messages)))),
    everything: async () => {
      const rows = await Promise.all(TABLES.map((table) => database.query(`SELECT * FROM ${table}`)))
      return JSON.stringify(rows)
    },
    end,
  }
})
