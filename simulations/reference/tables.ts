// Owns: the tables of the reference services, in memory. Entries have no key here, so that what is booked twice is
// seen.
import { memoryEntries, memoryRows } from '@ensemble/memory'
import type { Rows } from '@ensemble/runtime'
import type { Message } from '@ensemble/service-notification/message'
import type { MessageEntry, Receiver } from '@ensemble/service-notification/rules'
import type { Order } from '@ensemble/service-order/rules'
import type { Credit, Payment, PaymentEntry } from '@ensemble/service-payment/rules'
import type { UserTables } from '@ensemble/service-user/handlers'
import type { User } from '@ensemble/service-user/rules'

export const users = memoryRows<User>({ name: 'tb_users', key: ({ uuid }) => uuid })
/** Nobody logs in here. */
export const logins = memoryRows<StateOf<UserTables['logins']>>({ name: 'tb_login' })
export const orders = memoryRows<Order>({ name: 'tb_orders', key: ({ uuid }) => uuid })
export const payments = memoryRows<Payment>({ name: 'tb_payment', key: ({ uuid }) => uuid })
export const credits = memoryRows<Credit>({ name: 'tb_payment_credit', key: ({ userId }) => userId })
export const entries = memoryEntries<PaymentEntry>({ name: 'tb_payment_entry' })
export const receivers = memoryRows<Receiver>({ name: 'tb_receiver', key: ({ userId }) => userId })
/** Of callers, with where their deliveries stand. */
export const brought = memoryRows<Message>({ name: 'tb_notification_brought', key: ({ id }) => id })
export const messages = memoryEntries<MessageEntry>({ name: 'tb_notification' })

type StateOf<Table> = Table extends Rows<infer State> ? State : never
