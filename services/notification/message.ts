// Owns: what a message is: whom it is for, what it says, how it stands, and every attempt to hand it to a provider.
// No behaviour. The rules are in receiver.ts (what is written) and delivery.ts (how it goes out).
import type { Time } from '@ensemble/core'
import type { Channel } from './address.ts'
import type { Language } from './templates.ts'

/**
 * WAITING for an address, QUEUE: to be sent, SENDING: under way, SENT: a provider took it, DELIVERED: and said that it
 * arrived. UNDELIVERABLE: nobody took it. UNKNOWN: a provider may have taken it, and was not asked again.
 */
export const MESSAGE_STATUSES = [
  'WAITING',
  'QUEUE',
  'SENDING',
  'SENT',
  'DELIVERED',
  'UNDELIVERABLE',
  'UNKNOWN',
] as const
export type MessageStatus = (typeof MESSAGE_STATUSES)[number]

/**
 * CALLING: the call is out, or its worker died in it. SENT, REJECTED (this message, for good), FAILED (surely not
 * taken) and UNKNOWN are the provider's answer; DELIVERED and UNDELIVERED its later report. UNDELIVERABLE: there was
 * nobody to call.
 */
export type AttemptStatus =
  | 'CALLING'
  | 'SENT'
  | 'REJECTED'
  | 'FAILED'
  | 'UNKNOWN'
  | 'DELIVERED'
  | 'UNDELIVERED'
  | 'UNDELIVERABLE'

export interface Attempt {
  readonly provider: string
  readonly status: AttemptStatus
  readonly at: Time
  /** How often its provider was asked for it, where that was more than once. */
  readonly asks?: number
  /** Why, in few words. */
  readonly response: string | null
  /** The provider's own id of the message. */
  readonly reference: string | null
}

/** What a provider may want to know beyond the words. */
export interface Details {
  readonly language: Language
  readonly data: Readonly<Record<string, string>>
  /** The sender that a caller asked for; null for the configured one. */
  readonly sender: string | null
  /** A one-time password: of no use when it is late. */
  readonly isOtp: boolean
}

export interface Message {
  readonly id: string
  readonly channel: Channel
  /** Of this service's templates, or of the provider's where the caller brought the words; null: there is none. */
  readonly template: string | null
  readonly userId: string | null
  /** Null while it is not known. */
  readonly address: string | null
  readonly subject: string
  readonly text: string
  readonly details: Details
  readonly status: MessageStatus
  /** How often a provider reported that what it took did not arrive. */
  readonly round: number
  /** Oldest first. */
  readonly attempts: readonly Attempt[]
  /** What a caller asked for, so that the same call again can be told from another; '' for messages of events. */
  readonly fingerprint: string
  readonly createdAt: Time
  readonly updatedAt: Time
}
