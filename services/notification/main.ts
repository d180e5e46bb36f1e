// Owns: what the notification service is made of. The only file that names its adapters.
import { createHost } from '@ensemble/runtime'
import type { ServiceModule } from '@ensemble/service'
import { placeOrder, registerUser } from '@ensemble/service-contracts'
import { notificationImplementation } from './handlers.ts'
import { notificationRoutes } from './http.ts'
import { messageEntries, outbox, receiverRows } from './notification-store.ts'

export const notification: ServiceModule = {
  name: 'notification',
  migrations: new URL('./migrations/', import.meta.url),
  title: 'Notification',
  start: async ({ database, read, bus, clock, ids, config }) => {
    const host = await createHost({
      service: 'notification',
      database,
      bus,
      clock,
      ids,
      settings: config.engine,
      plans: [registerUser, placeOrder],
      implementation: notificationImplementation({ receivers: receiverRows, messages: messageEntries }),
    })
    return { host, routes: notificationRoutes(outbox({ database, read })) }
  },
}
