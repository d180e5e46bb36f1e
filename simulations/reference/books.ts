// Owns: what the checks of the reference system read: its rows, what callers and customers were told, and
// what providers did.
import type { Message } from '@ensemble/core'
import type { MessageEntry } from '@ensemble/service-notification/rules'
import type { Order } from '@ensemble/service-order/rules'
import type { Credit, Payment, PaymentEntry } from '@ensemble/service-payment/rules'
import type { User } from '@ensemble/service-user/rules'
import {
  deliverMessage,
  PAYMENT_DUE_SOON,
  PAYMENT_REFUNDED,
  PaymentDueSoon,
  PaymentRefunded,
  placeOrder,
  PlaceOrder,
  RegisterUser,
} from '@ensemble/service-contracts'
import { endOf, type Evidence, type Witnessed } from '@ensemble/simulator'
import type { Paid } from './customers.ts'
import * as tables from './tables.ts'

export interface Books {
  /** Registrations and orders. */
  readonly sagas: readonly Ended[]
  readonly deliveries: readonly Delivery[]
  readonly users: readonly User[]
  /** Every committed state of each row, oldest first. */
  readonly orders: readonly (readonly Order[])[]
  readonly payments: readonly (readonly Payment[])[]
  readonly credits: readonly (readonly Credit[])[]
  readonly entries: readonly PaymentEntry[]
  readonly messages: readonly MessageEntry[]
  /** What customers are told about, beside how a saga ended. */
  readonly events: readonly Told[]
  readonly paid: readonly Paid[]
}

export interface Ended {
  readonly plan: string
  readonly id: string
  /** The user whom it is about. */
  readonly userId: string
  /** Null when it never began. */
  readonly end: 'completed' | 'compensated' | null
}

/** A message that a caller brought. */
export interface Delivery extends Pick<Ended, 'id' | 'end'> {
  readonly status: string
  /** How often providers have really sent it. */
  readonly sentCount: number
}

export interface Told {
  readonly id: string
  readonly template: 'payment-due-soon' | 'payment-refunded'
  readonly userId: string
}

export function booksOf(evidence: Evidence, sagas: readonly Witnessed[]): Books {
  return {
    sagas: sagas
      .filter(({ saga }) => saga.plan !== deliverMessage.name)
      .map(({ saga, input }) => ({
        plan: saga.plan,
        id: saga.id,
        userId: (saga.plan === placeOrder.name ? PlaceOrder : RegisterUser).parse(input).userId,
        end: endOf(evidence, saga),
      })),
    deliveries: sagas.flatMap(({ saga }) => {
      if (saga.plan !== deliverMessage.name) return []
      const id = saga.id.replace(/\.0$/, '')
      const sent = [...evidence.deeds].filter(([attempt]) => attempt.startsWith(`${id}-`))
      return {
        id,
        end: endOf(evidence, saga),
        status: evidence.states(tables.brought).find((message) => message.id === id)?.status ?? 'absent',
        sentCount: sent.reduce((sum, [, { done }]) => sum + done, 0),
      }
    }),
    users: evidence.states(tables.users),
    orders: evidence.versions(tables.orders),
    payments: evidence.versions(tables.payments),
    credits: evidence.versions(tables.credits),
    entries: evidence.entries(tables.entries),
    messages: evidence.entries(tables.messages),
    events: toldIn(evidence.messages),
    paid: sagas.flatMap(({ answers }) => answers.flatMap(({ answer }) => (isPaid(answer) ? [answer] : []))),
  }
}

/** An event that is sent again keeps its id. */
function toldIn(messages: readonly Message[]): readonly Told[] {
  const told = new Map<string, Told>()
  for (const message of messages) {
    if (message.type !== 'event') continue
    const { id, name, data } = message
    if (name === PAYMENT_DUE_SOON)
      told.set(id, { id, template: 'payment-due-soon', userId: PaymentDueSoon.parse(data).uuid_user })
    if (name === PAYMENT_REFUNDED)
      told.set(id, { id, template: 'payment-refunded', userId: PaymentRefunded.parse(data).uuid_user })
  }
  return [...told.values()]
}

function isPaid(answer: unknown): answer is Paid {
  return typeof answer === 'object' && answer !== null && 'operation' in answer && 'amount' in answer
}
