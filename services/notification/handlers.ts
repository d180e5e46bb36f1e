// Owns: which rule answers which request of the notification contract, and which events it follows. Decides nothing.
import { eventNames, type InputOf, type OutcomeOf } from '@ensemble/core'
import {
  aggregate,
  effect,
  implement,
  NotDone,
  type AggregateContext,
  type EffectCall,
  type Entries,
  type Implementation,
  type Rows,
} from '@ensemble/runtime'
import {
  notification,
  OrderNotPlaced,
  PAYMENT_DUE_SOON,
  PAYMENT_REFUNDED,
  PaymentDueSoon,
  PaymentRefunded,
  placeOrder,
  user,
  UserResult,
} from '@ensemble/service-contracts'
import * as rules from './receiver.ts'
import { LOCAL_TERMS, type MessageEntry, type Receiver, type ReceiverTerms } from './receiver.ts'

export interface NotificationTables {
  readonly receivers: Rows<Receiver>
  readonly messages: Entries<MessageEntry>
}

type Deliver = typeof notification.deliver.spec

export interface Delivering {
  readonly terms: ReceiverTerms
  /** Bounds one call, whatever its provider's client does. */
  readonly timeoutMs: number
  readonly call: (call: EffectCall<InputOf<Deliver>>) => Promise<OutcomeOf<Deliver>>
}

type Context = AggregateContext<Record<never, never>>
type Ruled<Input, Result> = (state: Receiver | undefined, input: Input, context: Context) => Result
type Rule<Input, Result> = (...of: [...Parameters<Ruled<Input, Result>>, terms: ReceiverTerms]) => Result

/** Nothing leaves; what was queued while there were providers waits for them. */
const LOCAL: Delivering = {
  terms: LOCAL_TERMS,
  timeoutMs: 1_000,
  call: async () => {
    throw new NotDone('no provider is configured')
  },
}

/** Deliveries that are under way at once in this process. */
const CONCURRENCY = 16

/** The key of a rule that is told of nobody. */
const NOBODY = '00000000-0000-0000-0000-000000000000'

export function notificationImplementation(
  tables: NotificationTables,
  { terms, timeoutMs, call }: Delivering = LOCAL,
): Implementation {
  const receivers = aggregate<Receiver, Record<never, never>, MessageEntry>({
    rows: tables.receivers,
    entries: tables.messages,
  })
  const key = ({ uuid_user: userId }: { readonly uuid_user: string }): string => userId
  /** As the engine calls a rule; the terms are this service's. */
  const under =
    <Input, Result>(rule: Rule<Input, Result>): Ruled<Input, Result> =>
    (state, input, context) =>
      rule(state, input, context, terms)
  const keyOfUser = ({ uuid }: UserResult): string => uuid
  const known = { key: keyOfUser, decide: under(rules.contactKnown) }
  return implement(
    notification,
    {
      send: receivers.on(notification.send, { key: ({ to }) => to.uuid_user, decide: under(rules.send) }),
      deliver: effect(notification.deliver, {
        provider: 'notification',
        timeoutMs,
        concurrency: CONCURRENCY,
        call,
      }),
    },
    {
      follows: [
        receivers.follow(eventNames.succeeded(user.register), UserResult, known),
        receivers.follow(eventNames.succeeded(user.update), UserResult, known),
        receivers.follow(eventNames.succeeded(user.delete), UserResult, {
          key: keyOfUser,
          decide: rules.contactForgotten,
        }),
        receivers.follow(eventNames.succeeded(user.remove), UserResult.nullable(), {
          key: (removed) => removed?.uuid ?? NOBODY,
          decide: rules.contactForgotten,
        }),
        receivers.follow(`${placeOrder.name}.compensated`, OrderNotPlaced, {
          key,
          decide: under(rules.orderNotPlaced),
        }),
        receivers.follow(PAYMENT_DUE_SOON, PaymentDueSoon, { key, decide: under(rules.paymentDueSoon) }),
        receivers.follow(PAYMENT_REFUNDED, PaymentRefunded, { key, decide: under(rules.paymentRefunded) }),
      ],
    },
  )
}
