// Owns: putting the payment service together: which adapters stand behind its rules and routes.
import { spanMs } from '@ensemble/core'
import { createHost } from '@ensemble/runtime'
import type { ServiceModule } from '@ensemble/service'
import { placeOrder } from '@ensemble/service-contracts'
import { arrivalsOf } from './arrivals.ts'
import { paymentImplementation } from './handlers.ts'
import { paymentRoutes } from './http.ts'
import { keepReconciling, orderObserver } from './reconcile.ts'
import { reconciliations } from './reconciliation-store.ts'
import { creditRows, paymentEntries, paymentReads, paymentRows, paymentsThere } from './payment-store.ts'

export const payment: ServiceModule = {
  name: 'payment',
  title: 'Payment service',
  migrations: new URL('./migrations/', import.meta.url),
  start: async ({ database, read, bus, clock, ids, config, say }) => {
    const store = reconciliations(database)
    const arrivals = arrivalsOf({ look: paymentsThere(database), clock })
    const host = await createHost({
      service: 'payment',
      database,
      bus,
      clock,
      ids,
      settings: config.engine,
      plans: [placeOrder],
      implementation: paymentImplementation(
        { payments: arrivals.told(paymentRows), credits: creditRows, entries: paymentEntries },
        { dueInMs: spanMs(config.paymentDueIn), payLaterLimit: config.payLaterLimit },
      ),
      observer: orderObserver(store),
    })
    const everyMs = spanMs(config.paymentReconcileEvery)
    const routes = paymentRoutes({
      host,
      reads: paymentReads(read),
      payments: paymentReads(database),
      reconciliations: store,
      clock,
      ids,
      arrivals,
    })
    return { host, routes, stop: keepReconciling({ host, store, clock, everyMs, say }) }
  },
}
