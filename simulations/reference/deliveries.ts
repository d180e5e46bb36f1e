// Owns: messages that callers bring, and their way out: the real delivery, over messages in memory and two
// providers outside, of which one knows an attempt that it is asked for again, and one does not.
import { Circuits } from '@ensemble/service-notification/circuit'
import { deliver, type Postman } from '@ensemble/service-notification/deliver'
import type { Delivering } from '@ensemble/service-notification/handlers'
import { LOCAL_TERMS, ready } from '@ensemble/service-notification/rules'
import type { Clock, Database } from '@ensemble/runtime'
import type { Beginning, Chance, Outside, Own } from '@ensemble/simulator'
import { brought } from './tables.ts'

type Provider = Postman['providers'][number]
type Sent = Awaited<ReturnType<Provider['send']>>

/** Shorter than a slow provider may take. */
const TIMEOUT_MS = 1_500
const EMAIL = { sends: new Set(['email'] as const) }
/** Whoever wants to write there is refused. */
const REFUSED = 'refused@sim.test'

const SETTINGS: Postman['settings'] = {
  providers: {},
  isDryRun: false,
  language: 'en',
  smsOrder: [],
  emailOrder: [],
  smsRoutes: {},
  attemptsMax: 3,
  timeoutMs: TIMEOUT_MS,
  inDoubt: 'stop',
  publicUrl: undefined,
  reportSecret: undefined,
}

/** What events make is kept only: they bring no address that a caller has chosen. */
export function deliveringTo(outside: Outside, { database, clock }: Own): Delivering {
  const providers = [
    providerOf({ name: 'keyless', isKeyed: false }, outside, clock),
    providerOf({ name: 'keyed', isKeyed: true }, outside, clock),
  ]
  const postman = {
    outbox: outboxOf(database),
    providers,
    settings: SETTINGS,
    circuits: new Circuits(),
    clock,
  }
  return { terms: LOCAL_TERMS, timeoutMs: 2 * TIMEOUT_MS, call: deliver(postman) }
}

function outboxOf(database: Database): Postman['outbox'] {
  return {
    change: (id, decide) =>
      database.transaction(async (tx) => {
        const before = (await brought.load(tx, [id])).get(id)
        if (before === undefined) return undefined
        const { message, value } = decide(before, tx.now)
        if (message !== before) await brought.update(tx, [{ key: id, state: message }])
        return value
      }),
  }
}

function providerOf(
  { name, isKeyed }: Pick<Provider, 'name' | 'isKeyed'>,
  outside: Outside,
  clock: Clock,
): Provider {
  return {
    name,
    isKeyed,
    channel: 'email',
    rendersTemplates: true,
    send: async ({ attempt, address }) => {
      const how = { manner: address === REFUSED ? ('reject' as const) : null, hasKeys: isKeyed }
      const given = new AbortController()
      const asked = outside.ask({ operation: attempt, run: null }, how).then(
        ({ status }): Sent =>
          status === 'succeeded'
            ? { status: 'sent', reference: attempt }
            : { status: 'rejected', reason: 'no' },
        (error: unknown): Sent => ({ status: 'failed', reason: String(error) }),
      )
      const late = clock
        .sleep(TIMEOUT_MS, given.signal)
        .then((): Sent => ({ status: 'unknown', reason: 'no answer in time' }))
      return await Promise.race([asked, late]).finally(() => given.abort())
    },
  }
}

/** A caller brings a message, again and again until it is answered that it is there. */
export function bringing(chance: Chance, id: string): NonNullable<Beginning['before']> {
  const draft = {
    id,
    channel: 'email',
    template: null,
    userId: null,
    address: chance.hit(0.15) ? REFUSED : 'someone@sim.test',
    subject: 'Hello',
    text: 'Hello.',
    details: { language: 'en', data: {}, sender: null, isOtp: false },
    status: 'WAITING',
    round: 0,
    attempts: [],
    fingerprint: '',
  } as const
  return {
    service: 'notification',
    name: `bring message ${id}`,
    call: (_host, database) =>
      database.transaction(async (tx) => {
        if ((await brought.load(tx, [id])).has(id)) return
        const state = ready({ ...draft, createdAt: tx.now, updatedAt: tx.now }, tx.now, EMAIL)
        await brought.insert(tx, [{ key: id, state }])
      }),
  }
}
