// Owns: the history documents of the v1 contract: which event of which service adds what to which document. Pure.
// Does not own: storing them (storage.ts), sagas (standing.ts).
// I1: an entry is known by its event's id, so an event that comes twice adds nothing.
// I2: a document's order is that of its events: time, then how far the business had come, then id; never that of arrival.
// I3: the order's step to Waiting adds nothing: whether it is seen before the order is complete depends on who is faster.
import { eventNames, isRecord, type EndedMessage, type EventMessage, type Message, type Time } from '@ensemble/core'
import type { HistoryDocument } from '@ensemble/http'
import {
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

export const ACTIONS = ['users', 'order', 'payment'] as const
export type Action = (typeof ACTIONS)[number]

export type EntryData = HistoryDocument['history'][number]['data']

export interface DocumentEntry {
  readonly action: Action
  readonly uuid: string
  readonly eventId: string
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
  /** Null when this event says nothing about the document. */
  readonly say: (event: EventMessage) => Said | null
}

const FAILURES = ['rejected', 'faulted', 'unknown'] as const

const MAPPINGS: ReadonlyMap<string, Mapping> = new Map([
  succeeds('users', 0, { name: eventNames.succeeded(user.register) }),
  succeeds('users', 1, { name: eventNames.succeeded(user.update), messages: 'User Update Success' }),
  succeeds('users', 2, { name: eventNames.succeeded(user.delete), messages: 'User Delete Success' }),
  fails('users', 3, { name: eventNames.succeeded(user.remove), code: 'removed', message: 'The registration was undone.' }),
  ...refusals('users', 0, user.register),

  succeeds('order', 0, { name: eventNames.succeeded(order.open), messages: 'Insert Order Success' }),
  ['order', 1, { name: ORDER_STATUS_UPDATED }].length > 0 ? statusUpdated() : statusUpdated(),
  succeeds('order', 2, { name: eventNames.succeeded(order.update), messages: 'Order Update Success' }),
  succeeds('order', 3, { name: eventNames.succeeded(order.complete), messages: 'Order Complete' }),
  fails('order', 4, { name: eventNames.succeeded(order.fail), code: 'failed', message: 'The order has failed.' }),
  ...refusals('order', 0, order.open),

  succeeds('payment', 0, { name: eventNames.succeeded(payment.prepare), messages: 'Payment Created' }),
  succeeds('payment', 1, { name: eventNames.succeeded(payment.pay), messages: 'Payment Received' }),
  succeeds('payment', 2, { name: eventNames.succeeded(payment.collect), messages: 'Payment Collected' }),
  ...refusals('payment', 0, payment.prepare),
  ...refusals('payment', 2, payment.collect),
  fails('payment', 3, { name: PAYMENT_REFUNDED, code: 'refunded', message: 'The money that came in went back.' }),
  fails('payment', 4, {
    name: eventNames.succeeded(payment.cancel),
    code: 'cancelled',
    message: 'The payment was cancelled.',
  }),
])
