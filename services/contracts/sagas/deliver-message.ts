// Owns: the plan of one message on its way to a provider. The saga's id is the message's id and the round.
// One step: what it gives is the engine's care for a call to the outside world, and its place in the history.
import { saga } from '@ensemble/core'
import { Delivery, notification } from '../notification.ts'

export const deliverMessage = saga('notification.deliver', { version: 1, input: Delivery })
  .retriable('deliver', { run: notification.deliver(({ input }) => input) })
  .end({ completed: ({ results }) => results.deliver })
