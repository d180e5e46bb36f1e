// Owns: which rule answers which request of the notification contract, and which events it follows. Decides nothing.
import { eventNames } from '@ensemble/core'
import { aggregate, implement, type Entries, type Implementation, type Rows } from '@ensemble/runtime'
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
import type { MessageEntry, Receiver } from './receiver.ts'

export interface NotificationTables {
  readonly receivers: Rows<Receiver>
  readonly messages: Entries<MessageEntry>
}

/** The key of a rule that is told of nobody. */
const NOBODY = '00000000-0000-0000-0000-000000000000'

export function notificationImplementation(tables: NotificationTables): Implementation {
  const receivers = aggregate<Receiver, Record<never, never>, MessageEntry>({
    rows: tables.receivers,
    entries: tables.messages,
  })
  const key = ({ uuid_user: userId }: { readonly uuid_user: string }): string => userId
  const keyOfUser = ({ uuid }: UserResult): string => uuid
  const known = { key: keyOfUser, decide: rules.contactKnown }
  return implement(
    notification,
    { send: receivers.on(notification.send, { key: ({ to }) => to.uuid_user, decide: rules.send }) },
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
          decide: rules.orderNotPlaced,
        }),
        receivers.follow(PAYMENT_DUE_SOON, PaymentDueSoon, { key, decide: rules.paymentDueSoon }),
        receivers.follow(PAYMENT_REFUNDED, PaymentRefunded, { key, decide: rules.paymentRefunded }),
      ],
    },
  )
}
