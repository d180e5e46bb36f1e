// Owns: the rules about one receiver, a user as this service knows them: what is sent to them, and what waits until
// their address is known. Pure.
// Does not own: words (templates.ts), tables (notification-store.ts), messages that callers bring (http.ts), how a
// message goes out (delivery.ts).
// I1: one operation writes one message: its id follows from the operation's.
// I2: a message without an address waits, and is sent by the change that brings the address; nobody else is asked.
// I3: an older word about a user never replaces a newer one; who is deleted is forgotten.
// I4: at most WAITING_COUNT_MAX messages wait for one user; what comes then is kept as undeliverable.
import { succeeded, type Succeeded, type Time } from '@ensemble/core'
import { idFromKey } from '@ensemble/http'
import type { AggregateContext, Change } from '@ensemble/runtime'
import type {
  Contact,
  NotificationTemplate,
  OrderNotPlaced,
  PaymentDueSoon,
  PaymentRefunded,
  UserResult,
} from '@ensemble/service-contracts'
import { phoneOf, receiverOf, type Channel } from './address.ts'
import type { Attempt, Message } from './message.ts'
import { languageOf, leftOf, reasonOf, refundReasonOf, write, type Language } from './templates.ts'

/** What a change does to the messages: a new one, or one that waited and now has its address. */
export type MessageEntry =
  | { readonly type: 'new'; readonly message: Message }
  | { readonly type: 'addressed'; readonly message: Message }

interface Waiting {
  readonly id: string
  readonly template: NotificationTemplate
  readonly data: Readonly<Record<string, string>>
  readonly at: Time
}

export interface Receiver {
  readonly userId: string
  readonly contact: Omit<Contact, 'uuid_user'> | null
  /** Of the last word about the user; 0 before any. */
  readonly knownAt: Time
  readonly waiting: readonly Waiting[]
  /** As it was read; 0 for a new row. */
  readonly version: number
}

export const WAITING_COUNT_MAX = 50

/** Where no provider is configured: what would be sent is kept and can be read. */
const LOCAL_PROVIDER = 'local'

export interface ReceiverTerms {
  /** Channels that bring messages to people; of the others nothing leaves. */
  readonly sends: ReadonlySet<Channel>
  /** Of messages that name none. */
  readonly language: Language
}

export const LOCAL_TERMS: ReceiverTerms = { sends: new Set(), language: 'en' }

type Context = Pick<AggregateContext<Record<never, never>>, 'now' | 'operation'>
type Changed<Result = Succeeded> = Change<Receiver, unknown, MessageEntry, Result>

export interface Send {
  readonly template: NotificationTemplate
  readonly to: Contact
  readonly data: Readonly<Record<string, string>>
}

/** A step of a saga: the saga brings the address. */
export function send(
  _state: Receiver | undefined,
  { template, to, data }: Send,
  context: Context,
  terms = LOCAL_TERMS,
): Changed<Succeeded<{ id: string }>> {
  const draft = drafted({ userId: to.uuid_user, template, data }, context, terms)
  const message = addressed(draft, to, context.now, terms)
  return { outcome: succeeded({ id: message.id }), entries: [{ type: 'new', message }] }
}

export function orderNotPlaced(
  state: Receiver | undefined,
  event: OrderNotPlaced,
  context: Context,
  terms = LOCAL_TERMS,
): Changed {
  const data = {
    order_number: event.order_number,
    uuid_order: event.uuid_order,
    reason: reasonOf(event.because, terms.language),
  }
  return told(state, { userId: event.uuid_user, template: 'order-failed', data }, context, terms)
}

export function paymentDueSoon(
  state: Receiver | undefined,
  event: PaymentDueSoon,
  context: Context,
  terms = LOCAL_TERMS,
): Changed {
  const left = event.payment_order === null ? null : event.payment_order - event.payment_total
  const data = {
    uuid_order: event.uuid_order,
    due_date: event.due_date,
    left: leftOf(left, terms.language),
  }
  return told(state, { userId: event.uuid_user, template: 'payment-due-soon', data }, context, terms)
}

export function paymentRefunded(
  state: Receiver | undefined,
  event: PaymentRefunded,
  context: Context,
  terms = LOCAL_TERMS,
): Changed {
  const reason = refundReasonOf(event.because, terms.language)
  const data = { uuid_order: event.uuid_order, amount: String(event.amount), reason }
  return told(state, { userId: event.uuid_user, template: 'payment-refunded', data }, context, terms)
}

/** A user was registered or updated: what waited is sent. */
export function contactKnown(
  state: Receiver | undefined,
  user: UserResult,
  { now }: Context,
  terms = LOCAL_TERMS,
): Changed {
  const before = state ?? blank(user.uuid)
  const knownAt = Date.parse(user.updated_at)
  if (knownAt < before.knownAt) return { outcome: succeeded() }
  const { uuid, first_name, email, handphone } = user
  const to: Contact = { uuid_user: uuid, first_name, email, handphone }
  const next: Receiver = { ...before, contact: { first_name, email, handphone }, knownAt, waiting: [] }
  const entries = before.waiting.map(({ id, template, data, at }): MessageEntry => {
    const draft = drafted({ userId: uuid, template, data }, { now: at, id }, terms)
    return { type: 'addressed', message: addressed(draft, to, now, terms) }
  })
  return { outcome: succeeded(), state: next, entries }
}

/** A user was deleted, or the registration undone (null when there was nothing to undo). */
export function contactForgotten(state: Receiver | undefined, user: UserResult | null): Changed {
  if (user === null) return { outcome: succeeded() }
  const before = state ?? blank(user.uuid)
  const knownAt = Date.parse(user.updated_at)
  if (knownAt < before.knownAt) return { outcome: succeeded() }
  return { outcome: succeeded(), state: { ...before, contact: null, knownAt } }
}

interface Told {
  readonly userId: string
  readonly template: NotificationTemplate
  readonly data: Readonly<Record<string, string>>
}

function told(state: Receiver | undefined, about: Told, context: Context, terms: ReceiverTerms): Changed {
  const { userId, template, data } = about
  const before = state ?? blank(userId)
  const draft = drafted(about, context, terms)
  const { now } = context
  if (before.contact !== null) {
    const message = addressed(draft, { uuid_user: userId, ...before.contact }, now, terms)
    return { outcome: succeeded(), entries: [{ type: 'new', message }] }
  }
  if (before.waiting.length >= WAITING_COUNT_MAX) {
    const message = undeliverable(draft, 'no address is known', now)
    return { outcome: succeeded(), entries: [{ type: 'new', message }] }
  }
  const waiting: readonly Waiting[] = [...before.waiting, { id: draft.id, template, data, at: now }]
  return { outcome: succeeded(), state: { ...before, waiting }, entries: [{ type: 'new', message: draft }] }
}

interface Draft extends Message {
  readonly template: NotificationTemplate
}

/** A message that has no address yet. */
function drafted(
  { userId, template, data }: Told,
  at: Context | { readonly now: Time; readonly id: string },
  terms: ReceiverTerms,
): Draft {
  const language = languageOf(data, terms.language)
  const { channel, subject, text } = write(template, { language, data })
  return {
    id: 'id' in at ? at.id : idFromKey('notification', at.operation),
    channel,
    template,
    userId,
    address: null,
    subject,
    text,
    details: { language, data, sender: null, isOtp: false },
    status: 'WAITING',
    round: 0,
    attempts: [],
    fingerprint: '',
    createdAt: at.now,
    updatedAt: at.now,
  }
}

function addressed(draft: Draft, to: Contact, now: Time, terms: ReceiverTerms): Message {
  const { channel, template, details } = draft
  const data = { ...details.data, first_name: to.first_name }
  const { subject, text } = write(template, { language: details.language, data })
  const written = { ...draft, subject, text, details: { ...details, data } }
  if (channel !== 'sms') return ready({ ...written, address: receiverOf(to.email) }, now, terms)
  const phone = phoneOf(to.handphone)
  const message: Message = { ...written, address: phone ?? to.handphone }
  return phone === undefined && terms.sends.has(channel)
    ? undeliverable(message, 'is not a phone number', now)
    : ready(message, now, terms)
}

/** A message that has its address: queued, or at once where nothing leaves. */
export function ready(message: Message, now: Time, { sends }: Pick<ReceiverTerms, 'sends'>): Message {
  if (sends.has(message.channel)) return { ...message, status: 'QUEUE', updatedAt: now }
  return tried(message, { status: 'SENT', response: null }, now)
}

function undeliverable(message: Message, response: string, now: Time): Message {
  return tried(message, { status: 'UNDELIVERABLE', response }, now)
}

function tried(
  message: Message,
  { status, response }: { readonly status: 'SENT' | 'UNDELIVERABLE'; readonly response: string | null },
  now: Time,
): Message {
  const attempt: Attempt = { provider: LOCAL_PROVIDER, status, at: now, response, reference: null }
  return { ...message, status, attempts: [...message.attempts, attempt], updatedAt: now }
}

function blank(userId: string): Receiver {
  return { userId, contact: null, knownAt: 0, waiting: [], version: 0 }
}
