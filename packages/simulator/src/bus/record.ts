// Owns: what a model of a bus has seen, beside the messages that are on it: what was handled, and what was lost.
import type { Message, Time } from '@ensemble/core'
import type { Delivered } from '@ensemble/runtime'

/** A batch whose transaction has committed. */
export interface Handled {
  readonly messages: readonly Delivered[]
  /** In the run's time. */
  readonly takenAt: Time
}

export class BusRecord {
  readonly handled: Handled[] = []
  /** Sent, and never on the bus. */
  readonly lost: Message[] = []
}
