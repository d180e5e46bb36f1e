// Owns: the rules about one receiver, a user as this service knows them: what is sent to them, and what waits until
// their address is known. Pure.
// Does not own: words (templates.ts), tables (notification-store.ts), messages that callers bring (http.ts).
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
import { channelOf, reasonOf, write } from './templates.ts'

export type MessageStatus = 'WAITING' | 'SENT' | 'UNDELIVERABLE'

export interface Attempt {
  readonly provider: string
  readonly status: string
  readonly at: Time
  readonly response: string | null
}

export interface Message {
  readonly id: string
  readonly channel: Channel
  /** Null for messages whose words the caller brought. */
  readonly template: string | null
  readonly userId: string | null
  /** Null while it is not known. */
  readonly address: string | null
  readonly subject: string
  readonly text: string
  readonly status: MessageStatus
  /** Oldest first. */
  readonly attempts: readonly Attempt[]
  /** What a caller asked for, so that the same call again can be told from another; '' for messages of events. */
  readonly fingerprint: string
  readonly createdAt: Time
  readonly updatedAt: Time
}

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

/** The provider of this build: what would be sent is kept and can be read. */
const LOCAL_PROVIDER = 'local'

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
  input: Send,
  context: Context,
): Changed<Succeeded<{ id: string }>> {
  const { template, to, data } = input
  const message = addressed(drafted(to.uuid_user, { template, data }, context), {
    template,
    data,
    to,
    now: context.now,
  })
  return { outcome: succeeded({ id: message.id }), entries: [{ type: 'new', message }] }
}

export function orderNotPlaced(
  state: Receiver | undefined,
  event: OrderNotPlaced,
  context: Context,
): Changed {
  const data = {
    order_number: event.order_number,
    uuid_order: event.uuid_order,
    reason: reasonOf(event.because),
  }
  return told(state, { userId: event.uuid_user, template: 'order-failed', data }, context)
}

export function paymentDueSoon(
  state: Receiver | undefined,
  event: PaymentDueSoon,
  context: Context,
): Changed {
  const left = event.payment_order === null ? '' : String(event.payment_order - event.payment_total)
  const data = {
    uuid_order: event.uuid_order,
    due_date: event.due_date,
    left: left === '' ? 'any amount' : left,
  }
  return told(state, { userId: event.uuid_user, template: 'payment-due-soon', data }, context)
}

export function paymentRefunded(
  state: Receiver | undefined,
  event: PaymentRefunded,
  context: Context,
): Changed {
  const reason = event.because === 'expired' ? 'was not complete in time' : 'was cancelled'
  const data = { uuid_order: event.uuid_order, amount: String(event.amount), reason }
  return told(state, { userId: event.uuid_user, template: 'payment-refunded', data }, context)
}

/** A user was registered or updated: what waited is sent. */
export function contactKnown(state: Receiver | undefined, user: UserResult, { now }: Context): Changed {
  const before = state ?? blank(user.uuid)
  const knownAt = Date.parse(user.updated_at)
  if (knownAt < before.knownAt) return { outcome: succeeded() }
  const { uuid, first_name, email, handphone } = user
  const to: Contact = { uuid_user: uuid, first_name, email, handphone }
  const next: Receiver = { ...before, contact: { first_name, email, handphone }, knownAt, waiting: [] }
  const entries = before.waiting.map(({ id, template, data, at }): MessageEntry => {
    const draft = drafted(uuid, { template, data }, { now: at, id })
    return { type: 'addressed', message: addressed(draft, { template, data, to, now }) }
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

function told(state: Receiver | undefined, { userId, template, data }: Told, context: Context): Changed {
  const before = state ?? blank(userId)
  const draft = drafted(userId, { template, data }, context)
  const { now } = context
  if (before.contact !== null) {
    const message = addressed(draft, { template, data, to: { uuid_user: userId, ...before.contact }, now })
    return { outcome: succeeded(), entries: [{ type: 'new', message }] }
  }
  if (before.waiting.length >= WAITING_COUNT_MAX) {
    const attempt = {
      provider: LOCAL_PROVIDER,
      status: 'UNDELIVERABLE',
      at: now,
      response: 'no address is known',
    }
    const message: Message = { ...draft, status: 'UNDELIVERABLE', attempts: [attempt] }
    return { outcome: succeeded(), entries: [{ type: 'new', message }] }
  }
  const waiting: readonly Waiting[] = [...before.waiting, { id: draft.id, template, data, at: now }]
  return { outcome: succeeded(), state: { ...before, waiting }, entries: [{ type: 'new', message: draft }] }
}

/** A message that has no address yet. */
function drafted(
  userId: string,
  { template, data }: Omit<Told, 'userId'>,
  at: Context | { readonly now: Time; readonly id: string },
): Message {
  const { channel, subject, text } = write(template, data)
  const id = 'id' in at ? at.id : idFromKey('notification', at.operation)
  return {
    id,
    channel,
    template,
    userId,
    address: null,
    subject,
    text,
    status: 'WAITING',
    attempts: [],
    fingerprint: '',
    createdAt: at.now,
    updatedAt: at.now,
  }
}

function addressed(
  draft: Message,
  { template, data, to, now }: Omit<Send, 'to'> & { to: Contact; now: Time },
): Message {
  const address =
    channelOf(template) === 'sms' ? (phoneOf(to.handphone) ?? to.handphone) : receiverOf(to.email)
  const { subject, text } = write(template, { ...data, first_name: to.first_name })
  return delivered({ ...draft, address, subject, text }, now)
}

/** What the local provider makes of a message that has an address. */
export function delivered(message: Message, now: Time): Message {
  const attempt: Attempt = { provider: LOCAL_PROVIDER, status: 'SENT', at: now, response: null }
  return { ...message, status: 'SENT', attempts: [...message.attempts, attempt], updatedAt: now }
}

function blank(userId: string): Receiver {
  return { userId, contact: null, knownAt: 0, waiting: [], version: 0 }
}
