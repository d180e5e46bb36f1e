// Owns: the text of messages: packing a batch into one text and unpacking it again, with the checks that a
// reader needs before it trusts the types. Unknown fields pass through unchanged.
import type { Message, MessageType } from '../message/message.ts'

/** Fields beside `id`, `topic`, `key` and `type` without which a message of a type cannot be handled. */
const REQUIRED: Readonly<Record<MessageType, readonly string[]>> = {
  start: ['saga', 'plan', 'issuedAt'],
  command: ['saga', 'plan', 'ask'],
  withdraw: ['saga', 'plan', 'ask', 'cancel', 'issuedAt'],
  cancel: ['saga', 'cancel', 'issuedAt'],
  event: ['name', 'source', 'at'],
  ended: ['name', 'saga', 'end'],
  timer: ['name', 'at'],
  retry: ['attempt', 'message'],
  history: ['saga', 'seq', 'entries'],
  note: ['saga', 'note'],
}

export type Unpacked =
  | { readonly ok: true; readonly message: Message }
  | { readonly ok: false; readonly text: string; readonly reason: string }

export function pack(messages: readonly Message[]): string {
  return JSON.stringify(messages)
}

/**
 * The messages of a packed batch; what cannot be decoded is named, not thrown, so that the rest of the batch
 * is handled.
 */
export function unpack(text: string): readonly Unpacked[] {
  const parsed = parse(text)
  if (!Array.isArray(parsed)) return [{ ok: false, text, reason: 'not a JSON array of messages' }]
  return parsed.map(messageIn)
}

/** The message that a parsed JSON value is. */
export function messageIn(value: unknown): Unpacked {
  const reason = whyNot(value)
  return reason === null
    ? { ok: true, message: value as Message }
    : { ok: false, text: JSON.stringify(value) ?? '', reason }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function whyNot(value: unknown): string | null {
  if (!isRecord(value)) return 'not an object'
  for (const field of ['id', 'topic', 'key', 'type']) {
    if (typeof value[field] !== 'string') return `field '${field}' is not a text`
  }
  const type = String(value['type'])
  if (!isMessageType(type)) return `unknown message type '${type}'`
  const missing = REQUIRED[type].find((field) => value[field] === undefined || value[field] === null)
  if (missing !== undefined) return `field '${missing}' is missing`
  return type === 'retry' ? whyNot(value['message']) : null
}

// `in` would also find what every object inherits, e.g. 'constructor'.
function isMessageType(type: string): type is MessageType {
  return Object.hasOwn(REQUIRED, type)
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Copies a value into plain JSON, as the bus would: what JSON cannot say is left out, or becomes null in a list. */
export function plain<T>(value: T): T {
  return copied(value) as T
}

// Walking is faster than writing a text and reading it again; what has a say in its own text is left to that.
function copied(value: unknown): unknown {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return value
  if (typeof value === 'number') return Number.isFinite(value) ? value + 0 : null
  if (typeof value === 'bigint') throw new TypeError('JSON has no bigint')
  if (typeof value !== 'object') return undefined
  if (Array.isArray(value)) return value.map((item) => copied(item) ?? null)
  if (!isPlain(value)) return JSON.parse(JSON.stringify(value))
  const copy: Record<string, unknown> = {}
  for (const key of Object.keys(value)) {
    const part = copied(value[key])
    if (part !== undefined) copy[key] = part
  }
  return copy
}

function isPlain(value: object): value is Record<string, unknown> {
  return (
    Object.getPrototypeOf(value) === Object.prototype &&
    !Object.hasOwn(value, '__proto__') &&
    !('toJSON' in value)
  )
}
