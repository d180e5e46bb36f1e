// Owns: putting the user service together: which adapters stand behind its rules and routes.
import { createHost } from '@ensemble/runtime'
import type { ServiceModule } from '@ensemble/service'
import { placeOrder, registerUser } from '@ensemble/service-contracts'
import { userImplementation } from './handlers.ts'
import { userRoutes } from './http.ts'
import { userReads, userRows } from './user-store.ts'

export const user: ServiceModule = {
  name: 'user',
  title: 'User service',
  migrations: new URL('./migrations/', import.meta.url),
  start: async ({ database, read, bus, clock, ids, config }) => {
    const host = await createHost({
      service: 'user',
      database,
      bus,
      clock,
      ids,
      settings: config.engine,
      plans: [placeOrder, registerUser],
      implementation: userImplementation({ users: userRows }),
    })
    return { host, routes: userRoutes({ host, reads: userReads(read) }) }
  },
}
