// Owns: what the notification service is made of. The only file that names its adapters.
import { createHost } from '@ensemble/runtime'
import type { NotificationSettings, ServiceModule } from '@ensemble/service'
import { deliverMessage, placeOrder, registerUser } from '@ensemble/service-contracts'
import { Circuits } from './circuit.ts'
import { deliver } from './deliver.ts'
import { dispatch } from './dispatch.ts'
import { notificationImplementation } from './handlers.ts'
import { notificationRoutes } from './http.ts'
import { messageEntries, outbox, receiverRows } from './notification-store.ts'
import { providersOf } from './providers/all.ts'
import { reportRoutes } from './reports.ts'

/** A provider's client ends a call by itself before this much more. */
const CALL_SLACK_MS = 5_000

const NOTHING: NotificationSettings = {
  providers: {},
  isDryRun: false,
  language: 'en',
  smsOrder: [],
  emailOrder: [],
  smsRoutes: {},
  attemptsMax: 1,
  timeoutMs: 1_000,
  inDoubt: 'stop',
  publicUrl: undefined,
  reportSecret: undefined,
}

export const notification: ServiceModule = {
  name: 'notification',
  migrations: new URL('./migrations/', import.meta.url),
  title: 'Notification',
  start: async ({ database, read, bus, clock, ids, config }) => {
    const settings = config.notification ?? NOTHING
    const providers = settings.isDryRun ? [] : await providersOf(settings)
    const sends = new Set(providers.map(({ channel }) => channel))
    const messages = outbox({ database, read, sends })
    const postman = { outbox: messages, providers, settings, circuits: new Circuits(), clock }
    const delivering = {
      terms: { sends, language: settings.language },
      timeoutMs: settings.timeoutMs * 2 + CALL_SLACK_MS,
      call: deliver(postman),
    }
    const isSending = providers.length > 0
    const host = await createHost({
      service: 'notification',
      database,
      bus,
      clock,
      ids,
      settings: config.engine,
      plans: [registerUser, placeOrder, deliverMessage],
      starts: isSending,
      implementation: notificationImplementation(
        { receivers: receiverRows, messages: messageEntries },
        isSending ? delivering : undefined,
      ),
    })
    return {
      host,
      ...(isSending && {
        stop: dispatch({ host, outbox: messages, clock, pollMs: config.engine.pollMs }),
      }),
      routes: (server) => {
        notificationRoutes({ outbox: messages, language: settings.language })(server)
        reportRoutes(server, { outbox: messages, settings, clock })
      },
    }
  },
}
