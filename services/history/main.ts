// Owns: what the history service is made of. The only file that names its adapters.
import { createHost } from '@ensemble/runtime'
import type { ServiceModule } from '@ensemble/service'
import { historyStorage } from './history-store.ts'
import { historyRoutes } from './http.ts'
import { historyObserver } from './observer.ts'

export const history: ServiceModule = {
  name: 'history',
  migrations: new URL('./migrations/', import.meta.url),
  title: 'History',
  start: async ({ database, read, bus, clock, ids, config }) => {
    const storage = historyStorage({ database, read })
    const host = await createHost({
      service: 'history',
      database,
      bus,
      clock,
      ids,
      settings: config.engine,
      observer: historyObserver(storage),
    })
    return { host, routes: historyRoutes({ storage, ids }) }
  },
}
