// Owns: what the notification service offers to sagas. No behaviour.
import { command, participant } from '@ensemble/core'
import * as z from 'zod'
import { Contact } from './user.ts'
import { Uuid } from './values.ts'

export const NotificationTemplate = z.enum([
  'welcome',
  'order-completed',
  'order-failed',
  'payment-due-soon',
  'payment-refunded',
])
export type NotificationTemplate = z.infer<typeof NotificationTemplate>

/** A message, and how often a provider reported before that its taken message did not arrive. */
export const Delivery = z.object({ messageId: Uuid, round: z.int().min(0) })

/** How the round ended: a provider took it, nobody did, or nobody knows whether one did. */
const Delivered = z.object({ messageId: Uuid, status: z.string() })

export const notification = participant('notification', {
  /** Takes a message over for delivery; which provider delivers it, and when, is the service's own business. */
  send: command({
    input: z.object({
      template: NotificationTemplate,
      to: Contact,
      data: z.record(z.string(), z.string()),
    }),
    output: z.object({ id: z.string() }),
    event: 'queued',
  }),
  /** Hands a message to providers, one after the other, until one takes it or none is left. */
  deliver: command({ input: Delivery, output: Delivered, event: 'settled' }),
})
