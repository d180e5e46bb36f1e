// Owns: what the history service is made of. The only file that names its adapters.
import { createHost } from '@ensemble/runtime'
import type { HistoryConfig, ServiceModule } from '@ensemble/service'
import { historyStorage } from './history-store.ts'
import { historyRoutes } from './http.ts'
import { historyObserver } from './observer.ts'
import { redacting } from './redaction.ts'
import { keepRetention } from './retention.ts'
import { foldedStorage } from './storages/folded.ts'
import { openFacts } from './storages/open.ts'

/** Messages of a batch: what came within a tenth of a second under load. */
const BATCH_COUNT_MAX = 1_000

const CONFIG: HistoryConfig = { place: { storage: 'postgres' }, retentionMs: null, redact: [] }

export const history: ServiceModule = {
  name: 'history',
  migrations: new URL('./migrations/', import.meta.url),
  title: 'History',
  start: async ({ database, read, bus, clock, ids, config }) => {
    const { place, retentionMs, redact } = config.history ?? CONFIG
    const facts = place.storage === 'postgres' ? undefined : await openFacts(place)
    const kept = facts === undefined ? historyStorage({ database, read }) : foldedStorage(facts, clock)
    const storage = redacting(kept, redact)
    const host = await createHost({
      service: 'history',
      database,
      bus,
      clock,
      ids,
      settings: { ...(facts === undefined && { batchCountMax: BATCH_COUNT_MAX }), ...config.engine },
      observer: historyObserver(storage),
    })
    const stopKeeping = keepRetention(storage, { retentionMs, clock })
    return {
      host,
      routes: historyRoutes({ storage, ids }),
      checks: facts === undefined ? [] : [{ name: place.storage, probe: () => storage.ping() }],
      close: async () => {
        await stopKeeping()
        await facts?.close()
      },
    }
  },
}
