// Owns: what the notification service offers to sagas. No behaviour.
import { command, participant } from '@ensemble/core'
import * as z from 'zod'
import { Contact } from './user.ts'

export const NotificationTemplate = z.enum([
  'welcome',
  'order-completed',
  'order-failed',
  'payment-due-soon',
  'payment-refunded',
])
export type NotificationTemplate = z.infer<typeof NotificationTemplate>

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
})
