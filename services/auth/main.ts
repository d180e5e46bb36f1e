// Owns: putting the auth service together: which adapters stand behind its rules and routes.
import { eventNames, TOPIC } from '@ensemble/core'
import { acceptForms } from '@ensemble/http'
import { createHost } from '@ensemble/runtime'
import { EnvironmentError, type ServiceModule } from '@ensemble/service'
import { passwordsOf } from '@ensemble/service/passwords'
import { slotsOf } from '@ensemble/service/slots'
import { user, UserResult } from '@ensemble/service-contracts'
import { keepAdmin } from './admin.ts'
import { auditOf } from './audit-store.ts'
import { browserRoutes } from './browser-http.ts'
import { clientStore } from './client-store.ts'
import { metadataOf } from './clients.ts'
import { authRoutes } from './http.ts'
import { keysOf } from './key-store.ts'
import { oauthRoutes } from './oauth-http.ts'
import { tokenService } from './provider.ts'
import { tokenStore } from './token-store.ts'
import { usersOf } from './users.ts'

/** As in the user service: half of the pool's four threads. */
const HASHES = { atOnceMax: 2, waitingMax: 100 }
/** Of tokens that nobody asks for. */
const ISSUER_OF_NOBODY = 'http://127.0.0.1'

export const auth: ServiceModule = {
  name: 'auth',
  title: 'Auth service',
  migrations: new URL('./migrations/', import.meta.url),
  start: async ({ database, bus, clock, ids, config, peers }) => {
    const { issuer = ISSUER_OF_NOBODY, adminSecret } = config.auth ?? {}
    const clients = clientStore(database)
    const keys = keysOf({ database, clock, ids })
    const users = usersOf({ issuer, peers, keys, clock, ids })
    const audit = auditOf({ database, clock, ids })
    const tokens = tokenStore({
      database,
      clock,
      client: async (key) => {
        const found = await clients.get(key)
        return found && metadataOf(found)
      },
    })
    const passwords = passwordsOf()
    const slots = slotsOf(HASHES)
    const service = tokenService({ issuer, keys, tokens, users, audit, passwords, slots, clock })
    if (config.auth !== undefined) {
      const isThere = await keepAdmin({ secret: adminSecret, clients, passwords, clock, ids })
      if (!isThere)
        throw new EnvironmentError([
          'AUTH_ADMIN_SECRET: nobody could ask for a token; set 32 to 200 random characters',
        ])
    }
    const host = await createHost({
      service: 'auth',
      database,
      bus,
      clock,
      ids,
      settings: config.engine,
      observer: {
        topics: [TOPIC.events('user')],
        record: async (tx, messages) => {
          for (const message of messages) {
            if (message.type !== 'event' || message.name !== eventNames.succeeded(user.delete)) continue
            await tokens.revoke(`user ${UserResult.parse(message.data).uuid}`, tx)
          }
        },
      },
    })
    const parts = [
      authRoutes({ issuer, service, clients, tokens, users, keys, audit, passwords, slots, clock, ids }),
      oauthRoutes({ service, tokens }),
      browserRoutes({ issuer, service }),
    ]
    return {
      host,
      routes: (server) => {
        acceptForms(server)
        for (const routes of parts) routes(server)
      },
    }
  },
}
