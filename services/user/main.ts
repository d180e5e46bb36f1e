// Owns: putting the user service together: which adapters stand behind its rules and routes.
import { createHost } from '@ensemble/runtime'
import type { ServiceModule } from '@ensemble/service'
import { placeOrder, registerUser } from '@ensemble/service-contracts'
import { userImplementation } from './handlers.ts'
import { gateOf } from './gate.ts'
import { userRoutes } from './http.ts'
import { loginRoutes } from './login-http.ts'
import { loginReads, loginRows, loginStore } from './login-store.ts'
import { passwordsOf } from '@ensemble/service/passwords'
import { slotsOf } from '@ensemble/service/slots'
import { userReads, userRows } from './user-store.ts'

/** Half of the pool's four threads, so that files and names still have some; 38 MiB. Those who wait, a few seconds. */
const HASHES = { atOnceMax: 2, waitingMax: 100 }

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
      implementation: userImplementation({ users: userRows, logins: loginRows }),
    })
    const logins = loginStore(database)
    const gate = gateOf({ memory: logins, passwords: passwordsOf(), slots: slotsOf(HASHES), clock })
    const parts = [
      userRoutes({ host, reads: userReads(read) }),
      loginRoutes({ host, gate, logins, ids, reads: loginReads(read), users: userReads(database) }),
    ]
    return {
      host,
      routes: (server) => {
        for (const routes of parts) routes(server)
      },
    }
  },
}
