// Owns: the orchestrator: it advances the sagas of its plans that were started as orchestrated ones.
// Does not own: what the plans say (contracts), choreographed sagas (whoever holds their turn).
import { createHost } from '@ensemble/runtime'
import type { ServiceModule } from '@ensemble/service'
import { placeOrder, registerUser } from '@ensemble/service-contracts'

export const orchestrator: ServiceModule = {
  name: 'orchestrator',
  title: 'Orchestrator',
  migrations: null,
  start: async ({ database, bus, clock, ids, config }) => {
    const host = await createHost({
      service: 'orchestrator',
      database,
      bus,
      clock,
      ids,
      settings: config.engine,
      plans: [placeOrder, registerUser],
      orchestrates: true,
    })
    return { host, routes: () => undefined }
  },
}
