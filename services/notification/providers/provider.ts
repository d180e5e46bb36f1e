// Owns: what a provider is to this service, and the meaning of the ways in which a call can end.
// I1: `send` always says how the call ended and never throws: what is thrown by clients may hold their secrets.
// I2: `failed` is said only when the provider surely did not take the message; a doubt is `unknown`.
import type { Channel } from '../address.ts'
import type { Sent } from '../delivery.ts'

export interface Outgoing {
  /** Names the attempt in reports; the key of providers that know keys. */
  readonly attempt: string
  readonly address: string
  readonly subject: string
  readonly text: string
  /** A template that the provider has, to be filled with `data` in place of `text`. */
  readonly template: string | null
  readonly data: Readonly<Record<string, string>>
  readonly sender: string | null
  readonly isOtp: boolean
  /** Where reports about this attempt go; null when nobody wants any. */
  readonly reportUrl: string | null
}

export interface Provider {
  readonly name: string
  readonly channel: Channel
  /** Asked again with the same attempt it sends once. */
  readonly isKeyed: boolean
  readonly rendersTemplates: boolean
  readonly send: (message: Outgoing) => Promise<Sent>
}

/** Not this message's fault, and surely not taken: too many calls, wrong credentials, overloaded. */
const FAILED: ReadonlySet<number> = new Set([401, 402, 403, 408, 429, 500, 503])
/** The provider never heard of it. */
const UNHEARD: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
])

/** Of an answer that is not the success that the provider documents. A proxy's 502 or 504 says nothing about it. */
export function sentOf(status: number, words?: unknown): Sent {
  const reason = [`HTTP ${status}`, wordsIn(words)].filter((word) => word !== '').join(': ')
  if (FAILED.has(status)) return { status: 'failed', reason }
  if (status >= 400 && status < 500) return { status: 'rejected', reason }
  return { status: 'unknown', reason }
}

/** Of what a client threw when there was no answer. Its message may hold a URL; its code does not. */
export function sentOfFault(error: unknown): Sent {
  const code = codeOf(error)
  return UNHEARD.has(code) ? { status: 'failed', reason: code } : { status: 'unknown', reason: code }
}

const CAUSES_MAX = 5

function codeOf(error: unknown): string {
  let current: unknown = error
  for (let depth = 0; depth < CAUSES_MAX && current instanceof Error; depth += 1) {
    if ('code' in current && typeof current.code === 'string') return current.code
    if (current.name === 'TimeoutError') return 'no answer in time'
    current = current.cause
  }
  return 'the call broke off'
}

/** The sender that a caller asked for, if it is of the configured domain: nobody writes in another's name. */
export function senderOf({ sender }: Pick<Outgoing, 'sender'>, configured: string): string {
  if (sender === null) return configured
  const domainOf = (address: string): string => address.replace(/^.*@/, '').toLowerCase()
  return domainOf(sender) === domainOf(configured) ? sender : configured
}

/** A taken message whose answer does not fit what is documented. */
export const MALFORMED: Sent = { status: 'unknown', reason: 'the answer is not what the provider documents' }

/** Where providers say what was wrong; other members may repeat what they were sent. */
const SPOKEN: ReadonlySet<string> = new Set(['message', 'description', 'text', 'error', 'title'])
const WORDS_LENGTH_MAX = 200
const DEPTH_MAX = 6

/** The first text under one of those names, however deep. */
function wordsIn(value: unknown, depth = 0): string {
  if (typeof value !== 'object' || value === null || depth > DEPTH_MAX) return ''
  for (const [name, member] of Object.entries(value)) {
    const isSpoken = SPOKEN.has(name) && typeof member === 'string'
    const words = isSpoken ? member.replaceAll(/\s+/g, ' ').trim() : wordsIn(member, depth + 1)
    if (words !== '') return words.slice(0, WORDS_LENGTH_MAX)
  }
  return ''
}
