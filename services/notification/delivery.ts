// Owns: how a message goes from one provider to the next: which attempt comes, what an answer means, what a report
// means. Pure.
// Does not own: calls (deliver.ts), who may report (reports.ts), the order of providers (routing.ts).
// I1: an attempt is written down as CALLING before its call, so a call that nobody heard the end of is seen.
// I2: after a call in doubt no other provider is asked, unless the settings say that twice is better than never. A
// provider that has keys is asked again until it says how the call ended, or the message is too old.
// I3: a final word about an attempt (a refusal, a report) is never changed; the same word again changes nothing.
// I4: at most `attemptsMax` attempts, TRIES_MAX of one provider; nothing goes out past its age.
import type { Time } from '@ensemble/core'
import type { Attempt, AttemptStatus, Message } from './message.ts'

/** Calls of one message to one provider that may surely be made again. */
const TRIES_MAX = 2
/** A one-time password after this is of no use to anybody. */
export const OTP_AGE_MS_MAX = 10 * 60_000
export const AGE_MS_MAX = 86_400_000
const RESPONSE_LENGTH_MAX = 300

export interface Terms {
  /** All calls of one message. */
  readonly attemptsMax: number
  /** After a call in doubt: stop there, or ask the next provider. */
  readonly inDoubt: 'stop' | 'next'
}

export interface Choice extends Terms {
  /** Providers for this message, first choice first. */
  readonly route: readonly string[]
  /** Providers that are to be left alone now. */
  readonly resting: ReadonlySet<string>
  /** Providers that know an attempt again by its id, and send it once however often they are asked. */
  readonly keyed: ReadonlySet<string>
  readonly now: Time
}

/** What is done next. The message is to be stored first. */
export type Step =
  | { readonly do: 'call'; readonly message: Message; readonly provider: string; readonly attempt: number }
  | { readonly do: 'wait'; readonly message: Message; readonly reason: string }
  | { readonly do: 'end'; readonly message: Message }

export function nextStep(message: Message, choice: Choice): Step {
  if (!isUnderWay(message)) return { do: 'end', message }
  const { now, keyed, inDoubt } = choice
  const last = message.attempts.length - 1
  const pending = message.attempts[last]
  if (pending?.status !== 'CALLING') return chosen(message, choice)
  const { provider } = pending
  if (keyed.has(provider) && !isTooOld(message, now)) {
    const asked = withAttempt(message, last, { asks: asksOf(pending) + 1 })
    return { do: 'call', message: asked, provider, attempt: last }
  }
  const known = withAttempt(message, last, { status: 'UNKNOWN', response: 'nobody heard how the call ended' })
  return inDoubt === 'stop' ? ending(known, 'UNKNOWN', now) : chosen(known, choice)
}

function chosen(message: Message, { route, resting, attemptsMax, now }: Choice): Step {
  const { attempts } = message
  if (isTooOld(message, now) || attempts.length >= attemptsMax) return ending(message, 'UNDELIVERABLE', now)
  const triesOf = (name: string): number => attempts.filter(({ provider }) => provider === name).length
  const isOut = (name: string): boolean =>
    attempts.some((one) => one.provider === name && isFinal(one.status))
  const left = route.filter((name) => triesOf(name) < TRIES_MAX && !isOut(name))
  if (left.length === 0) return ending(message, 'UNDELIVERABLE', now)
  const awake = left.filter((name) => !resting.has(name))
  // Everybody is asked once before anybody is asked twice.
  const [provider] = awake.toSorted((one, other) => triesOf(one) - triesOf(other))
  if (provider === undefined) return { do: 'wait', message, reason: `resting: ${left.join(', ')}` }
  const attempt: Attempt = { provider, status: 'CALLING', at: now, response: null, reference: null }
  const next: Message = { ...message, status: 'SENDING', attempts: [...attempts, attempt], updatedAt: now }
  return { do: 'call', message: next, provider, attempt: attempts.length }
}

/** What a provider made of a call. `failed`: surely not taken, and not because of this message. */
export type Sent =
  | { readonly status: 'sent'; readonly reference: string | null }
  | { readonly status: 'rejected' | 'failed' | 'unknown'; readonly reason: string }

export interface Heard extends Pick<Choice, 'inDoubt' | 'keyed' | 'now'> {
  readonly attempt: number
  readonly sent: Sent
}

const STATUS_OF_ANSWER = { sent: 'SENT', rejected: 'REJECTED', failed: 'FAILED', unknown: 'UNKNOWN' } as const

/** The provider answered. A report that was quicker stands. */
export function answered(message: Message, { attempt, sent, inDoubt, keyed, now }: Heard): Message {
  const before = message.attempts[attempt]
  if (before === undefined || (before.status !== 'CALLING' && before.status !== 'UNKNOWN')) return message
  // Asked again under the same key, it will say how this call ended. That it did not take one call says nothing about
  // the call before.
  const isDoubt = sent.status === 'unknown' || (sent.status === 'failed' && asksOf(before) > 1)
  if (isDoubt && keyed.has(before.provider)) return message
  const status = STATUS_OF_ANSWER[sent.status]
  const said =
    sent.status === 'sent'
      ? { status, reference: sent.reference }
      : { status, response: sent.reason.slice(0, RESPONSE_LENGTH_MAX) }
  const next = { ...withAttempt(message, attempt, said), updatedAt: now }
  if (sent.status === 'sent') return message.status === 'DELIVERED' ? next : { ...next, status: 'SENT' }
  return sent.status === 'unknown' && inDoubt === 'stop' && isUnderWay(message)
    ? { ...next, status: 'UNKNOWN' }
    : next
}

export interface Report {
  readonly attempt: number
  readonly provider: string
  readonly isDelivered: boolean
  readonly reason: string
}

/** Undefined when there was no such attempt. The same message when the report says nothing new. */
export function reported(message: Message, { attempt, ...report }: Report, now: Time): Message | undefined {
  const before = message.attempts[attempt]
  if (before === undefined || before.provider !== report.provider) return undefined
  const isSettled = before.status === 'FAILED' || isFinal(before.status)
  if (isSettled) return message
  const status = report.isDelivered ? 'DELIVERED' : 'UNDELIVERED'
  const response = report.reason.slice(0, RESPONSE_LENGTH_MAX)
  const next = { ...withAttempt(message, attempt, { status, response }), updatedAt: now }
  if (report.isDelivered) return { ...next, status: 'DELIVERED' }
  const isLast = attempt === message.attempts.length - 1
  const isGivenUpOn = isLast && (message.status === 'SENT' || message.status === 'UNKNOWN')
  return isGivenUpOn ? { ...next, status: 'QUEUE', round: message.round + 1 } : next
}

/** The id under which a provider knows an attempt: ours, and a new one for each. */
export function attemptId({ id }: Pick<Message, 'id'>, attempt: number): string {
  return `${id}-${attempt + 1}`
}

/** Of which message, and which of its attempts. Undefined for what this service never made. */
export function attemptOf(
  text: string,
): { readonly messageId: string; readonly attempt: number } | undefined {
  const found = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})-([1-9]\d?)$/.exec(text)
  if (found === null) return undefined
  return { messageId: String(found[1]), attempt: Number(found[2]) - 1 }
}

export function isUnderWay({ status }: Pick<Message, 'status'>): boolean {
  return status === 'QUEUE' || status === 'SENDING'
}

function asksOf({ asks = 1 }: Attempt): number {
  return asks
}

function isFinal(status: AttemptStatus): boolean {
  return status === 'REJECTED' || status === 'DELIVERED' || status === 'UNDELIVERED'
}

function isTooOld({ createdAt, details }: Message, now: Time): boolean {
  return now - createdAt > (details.isOtp ? OTP_AGE_MS_MAX : AGE_MS_MAX)
}

function ending(message: Message, status: 'UNDELIVERABLE' | 'UNKNOWN', now: Time): Step {
  return { do: 'end', message: { ...message, status, updatedAt: now } }
}

function withAttempt(message: Message, at: number, said: Partial<Attempt>): Message {
  const attempts = message.attempts.map((one, index) => (index === at ? { ...one, ...said } : one))
  return { ...message, attempts }
}
