// Owns: putting the gateway together: the public origin, and the one that starts sagas.
import { createHost } from '@ensemble/runtime'
import { EDGE_DEFAULT, type ServiceModule } from '@ensemble/service'
import { placeOrder, registerUser } from '@ensemble/service-contracts'
import { mergedDocument } from './document.ts'
import { gatewayRoutes } from './http.ts'
import { idempotencyStore } from './idempotency-store.ts'

export const gateway: ServiceModule = {
  name: 'gateway',
  title: 'Gateway',
  isPublic: true,
  migrations: new URL('./migrations/', import.meta.url),
  start: async ({ database, bus, clock, ids, config, peers, isBusFull }) => {
    const { pattern, edgeNow = () => EDGE_DEFAULT } = config
    const host = await createHost({
      service: 'gateway',
      database,
      bus,
      clock,
      ids,
      settings: config.engine,
      plans: [placeOrder, registerUser],
      starts: true,
      pattern,
    })
    const store = idempotencyStore(database)
    return {
      host,
      routes: gatewayRoutes({
        host,
        peers,
        clock,
        ids,
        pattern,
        store,
        isBusFull,
        eventStreamsMax: () => edgeNow().eventStreamsMax,
      }),
      document: (own) => mergedDocument(own, peers),
    }
  },
}
