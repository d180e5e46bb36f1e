// Owns: putting the order service together: which adapters stand behind its rules and routes.
import { createHost } from '@ensemble/runtime'
import type { ServiceModule } from '@ensemble/service'
import { placeOrder } from '@ensemble/service-contracts'
import { orderImplementation } from './handlers.ts'
import { orderRoutes } from './http.ts'
import { orderReads, orderRows } from './order-store.ts'

export const order: ServiceModule = {
  name: 'order',
  title: 'Order service',
  migrations: new URL('./migrations/', import.meta.url),
  start: async ({ database, read, bus, clock, ids, config }) => {
    const host = await createHost({
      service: 'order',
      database,
      bus,
      clock,
      ids,
      settings: config.engine,
      plans: [placeOrder],
      implementation: orderImplementation({ orders: orderRows }),
    })
    return { host, routes: orderRoutes({ host, reads: orderReads(read), orders: orderReads(database) }) }
  },
}
