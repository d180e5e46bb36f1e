// Owns: a message as a Kafka record, and back. A record is a CloudEvent 1.0 (Kafka Protocol Binding 1.0.2) in one of
// two modes. Structured: the value is the event, the message is its data. Binary: attributes are headers `ce_*`, the
// value is the message. Pure.
// I1: both are read, and by the value only; headers are for others.
import { isRecord, messageIn } from '@ensemble/core'
import type { Message, Unpacked } from '@ensemble/core'

export const CONTENT_MODES = ['structured', 'binary'] as const
export type ContentMode = (typeof CONTENT_MODES)[number]

export interface Written {
  readonly key: string
  readonly value: string
  readonly headers: Readonly<Record<string, string>>
}

export function recordOf(message: Message, mode: ContentMode): Written {
  const trace = traceparentOf(message)
  const traced = trace === undefined ? {} : { traceparent: trace }
  const { key } = message
  const attributes = attributesOf(message)
  if (mode === 'structured')
    return {
      key,
      value: JSON.stringify({ ...attributes, datacontenttype: 'application/json', data: message }),
      headers: { 'content-type': 'application/cloudevents+json; charset=UTF-8', ...traced },
    }
  const named = Object.entries(attributes).map(([name, text]): [string, string] => [`ce_${name}`, text])
  const headers: Record<string, string> = Object.fromEntries(named)
  return {
    key,
    value: JSON.stringify(message),
    headers: { ...headers, 'content-type': 'application/json', ...traced },
  }
}

export function messageOf(value: string | undefined): Unpacked {
  if (value === undefined) return { ok: false, text: '', reason: 'a record without a value' }
  const parsed = jsonIn(value)
  if (parsed === undefined) return { ok: false, text: value, reason: 'not JSON' }
  // No message has a version of CloudEvents.
  const isEvent = isRecord(parsed) && parsed['specversion'] !== undefined
  const found = messageIn(isEvent ? parsed['data'] : parsed)
  return found.ok ? found : { ...found, text: value }
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

function attributesOf(message: Message): Readonly<Record<string, string>> {
  const time = timeOf(message)
  return {
    specversion: '1.0',
    id: message.id,
    source: sourceOf(message),
    type: 'name' in message ? message.name : `ensemble.${message.type}`,
    subject: message.key,
    ...(time !== undefined && { time: new Date(time).toISOString() }),
  }
}

/** A URI reference; ids are unique in the whole system, so who sent it is a courtesy. */
function sourceOf(message: Message): string {
  return 'source' in message ? `/${encodeURIComponent(message.source)}` : '/ensemble'
}

function timeOf(message: Message): number | undefined {
  if ('at' in message) return message.at
  if ('issuedAt' in message) return message.issuedAt
  return 'ask' in message ? message.ask.issuedAt : undefined
}

/** W3C Trace Context, when whoever made the message put one on it. */
function traceparentOf(message: Message): string | undefined {
  const { traceparent } = message as { readonly traceparent?: unknown }
  return typeof traceparent === 'string' ? traceparent : undefined
}
