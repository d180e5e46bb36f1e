// Owns: what a model of a bus has seen, beside the messages that are on it: what was handled, and what was lost.
import type { Message, Time } from '@ensemble/core'
import type { Delivered } from '@ensemble/runtime'

/** A batch whose transaction has committed. */
export interface Handled {
  readonly messages: readonly Delivered[]
  /** In the run's time. */
  readonly takenAt: Time
}

export interface Lost {
  readonly message: Message
  readonly at: Time
}

export class BusRecord {
  readonly handled: Handled[] = []
  /** What did not go over it, because it was done in the transaction that said it. */
  readonly done: Message[] = []
  /** Copies that were sent and are not on the bus. */
  readonly lost: Lost[] = []
  /** When the first copy of a message came on a bus that loses some, by its id. */
  readonly firstAt = new Map<string, Time>()
}
