// Owns: the history documents of the v1 contract: which event of which service adds what to which document. Pure.
// Does not own: storing them (storage.ts), sagas (standing.ts).
// I1: an entry is known by its event's id, so an event that comes twice adds nothing.
// I2: a document's order is that of its events: time, then how far the business had come, then id; never arrival.
// I3: an order's step to Waiting adds nothing: whether it happens at all before the order is complete depends on who
// is faster, and both patterns leave the same document.
import { eventNames, isRecord } from '@ensemble/core'
import type { EndedMessage, EventMessage, Message, RequestRef, SagaRef, Time } from '@ensemble/core'
import type { HistoryDocument } from '@ensemble/http'
import {
  type ACTIONS,
  LOGIN_CREATED,
  momentOf,
  order,
  ORDER_STATUS,
  ORDER_STATUS_UPDATED,
  payment,
  PAYMENT_REFUNDED,
  placeOrder,
  registerUser,
  user,
  Uuid,
} from '@ensemble/service-contracts'

export type Action = (typeof ACTIONS)[number]

export type EntryData = HistoryDocument['history'][number]['data']

export interface DocumentEntry {
  readonly action: Action
  readonly uuid: string
  readonly eventId: string
  /** Of which saga it tells, by key; null for what no saga asked for. */
  readonly saga: string | null
  readonly at: Time
  /** How far the business had come: tells events of one millisecond apart. */
  readonly rank: number
  readonly status: HistoryDocument['status']
  readonly data: EntryData
}

/** A document as it is stored: its newest entries, and what is known of all of them. */
export interface StoredDocument {
  readonly action: Action
  readonly uuid: string
  readonly createdAt: Time
  readonly updatedAt: Time
  readonly entryCount: number
  readonly entries: readonly DocumentEntry[]
}

interface Said {
  readonly status: DocumentEntry['status']
  readonly data: EntryData
}

interface Mapping {
  readonly action: Action
  readonly rank: number
  /** What the event adds, and to which document; null when it says nothing about one. */
  readonly say: (event: EventMessage) => { readonly uuid: string; readonly said: Said } | null
}

/** Of the saga's end: after everything that the services told. */
const RANK_END = 9

const MAPPINGS: ReadonlyMap<string, Mapping> = new Map([
  succeeds(eventNames.succeeded(user.register), { action: 'users', rank: 0 }),
  succeeds(eventNames.succeeded(user.update), { action: 'users', rank: 1, messages: 'User Update Success' }),
  succeeds(eventNames.succeeded(user.delete), { action: 'users', rank: 2, messages: 'User Delete Success' }),
  fails(eventNames.succeeded(user.remove), { action: 'users', rank: 3, code: 'removed' }),
  ...refuses(user.register, { action: 'users', rank: 0 }),
  succeeds(LOGIN_CREATED, { action: 'users', rank: 0 }),

  succeeds(eventNames.succeeded(order.open), { action: 'order', rank: 0, messages: 'Insert Order Success' }),
  followsPayment(),
  succeeds(eventNames.succeeded(order.update), {
    action: 'order',
    rank: 2,
    messages: 'Order Update Success',
  }),
  succeeds(eventNames.succeeded(order.complete), { action: 'order', rank: 3, messages: 'Order Complete' }),
  fails(eventNames.succeeded(order.fail), { action: 'order', rank: 4, code: 'failed' }),
  ...refuses(order.open, { action: 'order', rank: 0 }),

  succeeds(eventNames.succeeded(payment.prepare), {
    action: 'payment',
    rank: 0,
    messages: 'Payment Created',
  }),
  succeeds(eventNames.succeeded(payment.pay), { action: 'payment', rank: 1, messages: 'Payment Received' }),
  succeeds(eventNames.succeeded(payment.collect), {
    action: 'payment',
    rank: 2,
    messages: 'Payment Collected',
  }),
  ...refuses(payment.prepare, { action: 'payment', rank: 0 }),
  ...refuses(payment.collect, { action: 'payment', rank: 2 }),
  fails(PAYMENT_REFUNDED, { action: 'payment', rank: 3, code: 'refunded' }),
  fails(eventNames.succeeded(payment.cancel), { action: 'payment', rank: 4, code: 'cancelled' }),
])

const ENDS: ReadonlyMap<string, Action> = new Map([
  [`${registerUser.name}.compensated`, 'users'],
  [`${placeOrder.name}.compensated`, 'order'],
])

const MESSAGES: Readonly<Record<string, string>> = {
  removed: 'The registration was undone.',
  failed: 'The order has failed.',
  refunded: 'The money that came in went back.',
  cancelled: 'The payment was cancelled.',
}

/** What a message adds to documents: none, one, or two (a payment is also found by its own call's id). */
export function entriesOf(message: Message): readonly DocumentEntry[] {
  if (message.type === 'ended') return endEntries(message)
  if (message.type !== 'event') return []
  const mapping = MAPPINGS.get(message.name)
  const found = mapping?.say(message) ?? null
  if (mapping === undefined || found === null) return []
  const { action, rank } = mapping
  const entry: DocumentEntry = {
    action,
    uuid: found.uuid,
    eventId: message.id,
    saga: message.saga === null ? null : sagaKeyOf(message.saga),
    at: message.at,
    rank,
    ...found.said,
  }
  const call = message.name === eventNames.succeeded(payment.pay) ? callOf(message.id) : undefined
  return call === undefined ? [entry] : [entry, { ...entry, uuid: call }]
}

export function sagaKeyOf({ plan, id }: Pick<SagaRef, 'plan' | 'id'>): string {
  return `${plan}/${id}`
}

/** Newest entries of a document that are answered. */
export const ENTRIES_COUNT_MAX = 200

/** The document of all its entries, in any order; undefined without one. */
export function documentFrom(entries: readonly DocumentEntry[]): StoredDocument | undefined {
  const sorted = entries.toSorted(inOrder)
  const [first] = sorted
  const last = sorted.at(-1)
  if (first === undefined || last === undefined) return undefined
  return {
    action: first.action,
    uuid: first.uuid,
    createdAt: first.at,
    updatedAt: last.at,
    entryCount: sorted.length,
    entries: sorted.slice(-ENTRIES_COUNT_MAX),
  }
}

/** The document as the API shows it. */
export function documentOf({
  action,
  uuid,
  createdAt,
  updatedAt,
  entryCount,
  entries,
}: StoredDocument): HistoryDocument {
  const sorted = entries.toSorted(inOrder)
  return {
    __uuid: uuid,
    __action: action,
    __offset: Math.max(0, entryCount - 1),
    history: sorted.map(({ data }) => ({ data })),
    status: sorted.at(-1)?.status ?? 'success',
    created_at: momentOf(createdAt),
    update_at: momentOf(updatedAt),
  }
}

function inOrder(left: DocumentEntry, right: DocumentEntry): number {
  if (left.at !== right.at) return left.at - right.at
  if (left.rank !== right.rank) return left.rank - right.rank
  if (left.eventId === right.eventId) return 0
  return left.eventId < right.eventId ? -1 : 1
}

interface Place {
  readonly action: Action
  readonly rank: number
}

function succeeds(
  name: string,
  { messages, ...place }: Place & { readonly messages?: string },
): [string, Mapping] {
  const say: Mapping['say'] = ({ data }) => {
    const uuid = uuidIn(data)
    if (uuid === undefined) return null
    return {
      uuid,
      said: { status: 'success', data: { code: '200', result: data, ...(messages && { messages }) } },
    }
  }
  return [name, { ...place, say }]
}

function followsPayment(): [string, Mapping] {
  const [name, mapping] = succeeds(ORDER_STATUS_UPDATED, {
    action: 'order',
    rank: 1,
    messages: 'Order Update Success',
  })
  const isWaiting = (data: unknown): boolean =>
    isRecord(data) && data['id_order_status'] === ORDER_STATUS.Waiting
  return [name, { ...mapping, say: (event) => (isWaiting(event.data) ? null : mapping.say(event)) }]
}

/** Something that the business undid. Its data is null when there was nothing to undo. */
function fails(name: string, { code, ...place }: Place & { readonly code: string }): [string, Mapping] {
  const say: Mapping['say'] = ({ data }) => {
    const uuid = uuidIn(data)
    return uuid === undefined ? null : { uuid, said: failed({ code, message: MESSAGES[code] ?? code, data }) }
  }
  return [name, { ...place, say }]
}

/** Whatever a request that a saga made ended as, but success; a withdrawal is told by the saga's end. */
function refuses(ref: RequestRef, place: Place): readonly [string, Mapping][] {
  return (['rejected', 'faulted', 'unknown'] as const).map((status): [string, Mapping] => {
    const say: Mapping['say'] = ({ data, saga }) => {
      const uuid = uuidOf(saga?.id)
      if (uuid === undefined || !isRecord(data)) return null
      const about = status === 'rejected' ? data['rejection'] : codeIn(data['error'])
      const code = String(about)
      const words = status === 'unknown' ? 'left unknown' : status
      const message = `${ref.participant}.${ref.request} was ${words}: ${code}`
      // What a fault says of itself is for operators: the saga's timeline shows it.
      const error = { code, message, data: status === 'rejected' ? (data['data'] ?? null) : null }
      return { uuid, said: failed(error) }
    }
    return [eventNames.other(ref, status), { ...place, say }]
  })
}

function codeIn(error: unknown): unknown {
  return isRecord(error) ? error['code'] : 'unknown'
}

/** The end of a saga that went back: which step turned it, and why. */
function endEntries(message: EndedMessage): readonly DocumentEntry[] {
  const { name, id: eventId, at, saga, end } = message
  const action = ENDS.get(name)
  const uuid = uuidOf(saga.id)
  if (action === undefined || uuid === undefined) return []
  const because = isRecord(end.data) && isRecord(end.data['because']) ? end.data['because'] : {}
  const [step, status, reason] = [because['step'], because['status'], because['reason']].map(String)
  const isCancelled = status === 'cancelled'
  const said = failed({
    code: isCancelled ? 'cancelled' : (reason ?? ''),
    message: isCancelled ? `Cancelled: ${reason}` : `Step '${step}' was ${status}: ${reason}`,
    data: { step, status, reason, data: status === 'rejected' ? (because['data'] ?? null) : null },
  })
  return [{ action, uuid, eventId, saga: sagaKeyOf(saga), at, rank: RANK_END, ...said }]
}

function failed(error: { readonly code: string; readonly message: string; readonly data: unknown }): Said {
  return { status: 'failed', data: { code: '400', error } }
}

/** Of which document an outcome is: `payment.refunded` names its order, whose payment has the same uuid. */
function uuidIn(data: unknown): string | undefined {
  return isRecord(data) ? (uuidOf(data['uuid']) ?? uuidOf(data['uuid_order'])) : undefined
}

/** A payment that was asked for over HTTP carries the id of the call's envelope. */
function callOf(eventId: string): string | undefined {
  return uuidOf(/^http\/([^#]+)#/.exec(eventId)?.[1])
}

function uuidOf(value: unknown): string | undefined {
  return Uuid.safeParse(value).data
}
