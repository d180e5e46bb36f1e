// Owns: every message of the reference system that others may send or read, by topic and name, with its schema.
// Not here: what the engine says to itself (timers, retries, withdraws, history).
// I1: what a contract or a plan names is found by it, so a new request or plan that is listed below is whole.
import { eventNames, TOPIC, type Plan, type RequestRef } from '@ensemble/core'
import * as z from 'zod'
import { LOGGER, LOGGER_DELETE, LOGGER_SAVE, LoggerDocument, LoggerEntry } from './logger.ts'
import { LOGIN_CREATED, LoginRow } from './login.ts'
import { notification } from './notification.ts'
import { order, ORDER_STATUS_UPDATED, OrderResult } from './order.ts'
import { payment, PAYMENT_DUE_SOON, PAYMENT_REFUNDED, PaymentDueSoon, PaymentRefunded } from './payment.ts'
import { deliverMessage } from './sagas/deliver-message.ts'
import { OrderNotPlaced, placeOrder } from './sagas/place-order.ts'
import { registerUser } from './sagas/register-user.ts'
import { user } from './user.ts'

export interface CataloguedMessage {
  readonly name: string
  readonly topic: string
  /** A command asks for `schema` as input, an event has it as data, also one of others; a saga's end carries it. */
  readonly kind: 'command' | 'event' | 'intake' | 'ended'
  /** Whose command, event or plan it is. */
  readonly owner: string
  readonly schema: z.ZodType
}

const PARTICIPANTS: readonly Readonly<Record<string, RequestRef>>[] = [user, order, payment, notification]
const PLANS: readonly { readonly plan: Pick<Plan, 'name'>; readonly compensated?: z.ZodType }[] = [
  { plan: registerUser },
  { plan: placeOrder, compensated: OrderNotPlaced },
  { plan: deliverMessage },
]
const PUBLISHED = [
  [LOGIN_CREATED, LoginRow],
  [ORDER_STATUS_UPDATED, OrderResult],
  [PAYMENT_DUE_SOON, PaymentDueSoon],
  [PAYMENT_REFUNDED, PaymentRefunded],
] as const

export const CATALOGUE: readonly CataloguedMessage[] = [
  ...PARTICIPANTS.flatMap((requests) => Object.values(requests)).flatMap(messagesOf),
  ...PUBLISHED.map(([name, schema]) => {
    const [owner = ''] = name.split('.')
    return { name, topic: TOPIC.events(owner), kind: 'event' as const, owner, schema }
  }),
  ...(
    [
      [LOGGER_SAVE, LoggerEntry],
      [LOGGER_DELETE, LoggerDocument],
    ] as const
  ).map(([name, schema]) => ({
    name,
    topic: TOPIC.events(LOGGER),
    kind: 'intake' as const,
    owner: LOGGER,
    schema,
  })),
  ...PLANS.flatMap(({ plan: { name: owner }, compensated = z.unknown() }) =>
    [['completed', z.unknown()] as const, ['compensated', compensated] as const].map(([status, schema]) => ({
      name: `${owner}.${status}`,
      topic: TOPIC.ended,
      kind: 'ended' as const,
      owner,
      schema,
    })),
  ),
]

function messagesOf(ref: RequestRef): readonly CataloguedMessage[] {
  const { participant: owner, request, spec } = ref
  const events = { topic: TOPIC.events(owner), kind: 'event' as const, owner }
  const refusals = Object.entries(spec.rejections ?? {}).map(([name, data]) =>
    z.object({ rejection: z.literal(name), data: zodOf(data) }),
  )
  return [
    {
      name: `${owner}.${request}`,
      topic: TOPIC.commands(owner),
      kind: 'command',
      owner,
      schema: zodOf(spec.input),
    },
    { ...events, name: eventNames.succeeded(ref), schema: zodOf(spec.output) },
    ...(refusals.length === 0
      ? []
      : [{ ...events, name: eventNames.other(ref, 'rejected'), schema: z.union(refusals) }]),
  ]
}

/** Contracts may be of any standard schema; ours are of zod, and an output that is not named is null. */
function zodOf(schema: unknown): z.ZodType {
  return schema instanceof z.ZodType ? schema : z.null()
}
