// Owns: putting the payment service together: which adapters stand behind its rules and routes.
import { spanMs } from '@ensemble/core'
import { createHost } from '@ensemble/runtime'
import type { ServiceModule } from '@ensemble/service'
import { placeOrder } from '@ensemble/service-contracts'
import { paymentImplementation } from './handlers.ts'
import { paymentRoutes } from './http.ts'
import { keepReconciling, orderObserver } from './reconcile.ts'
import { reconciliations } from './reconciliation-store.ts'
import { creditRows, paymentEntries, paymentReads, paymentRows } from './payment-store.ts'

export const payment: ServiceModule = {
  name: 'payment',
  title: 'Payment service',
  migrations: new URL('./migrations/', import.meta.url),
  start: async ({ database, read, bus, clock, ids, config, say }) => {
    const store = reconciliations(database)
    const host = await createHost({
      service: 'payment',
      database,
      bus,
      clock,
      ids,
      settings: config.engine,
      plans: [placeOrder],
      implementation: paymentImplementation(
        { payments: paymentRows, credits: creditRows, entries: paymentEntries },
        { dueInMs: spanMs(config.paymentDueIn), payLaterLimit: config.payLaterLimit },
      ),
      observer: orderObserver(store),
    })
    const everyMs = spanMs(config.paymentReconcileEvery)
    // The gateway knows which orders were started and waits for their payments. Answering 404 before anything is
    // executed keeps a refusal that is only early from being stored under the caller's key.
    const standing = async (): Promise<'unknown'> => 'unknown'
    const routes = paymentRoutes({
      host,
      reads: paymentReads(read),
      payments: paymentReads(database),
      reconciliations: store,
      clock,
      ids,
      standing,
    })
    return { host, routes, stop: keepReconciling({ host, store, clock, everyMs, say }) }
  },
}
