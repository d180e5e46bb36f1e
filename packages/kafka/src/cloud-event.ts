// Owns: a message as a Kafka record, and back. A record is a CloudEvent 1.0 in binary mode (Kafka Protocol Binding
// 1.0.2): attributes are headers `ce_*`, the value is the data, here the message itself as JSON. Pure.
// I1: reading needs the value only; headers are for others.
import { unpack } from '@ensemble/core'
import type { Message, Unpacked } from '@ensemble/core'

export interface Written {
  readonly key: string
  readonly value: string
  readonly headers: Readonly<Record<string, string>>
}

/** Names of headers, and what some of them always say. */
export const USUAL_TEXTS: readonly string[] = [
  'ce_specversion',
  '1.0',
  'ce_id',
  'ce_source',
  'ce_type',
  'ce_subject',
  'ce_time',
  'content-type',
  'application/json',
]

export function recordOf(message: Message): Written {
  return { key: message.key, value: JSON.stringify(message), headers: headersOf(message) }
}

export function messageOf(value: string | undefined): Unpacked {
  if (value === undefined) return { ok: false, text: '', reason: 'a record without a value' }
  const [one, ...others] = unpack(`[${value}]`)
  if (one === undefined || others.length > 0) return { ok: false, text: value, reason: 'not one message' }
  return one.ok ? one : { ...one, text: value }
}

function headersOf(message: Message): Record<string, string> {
  const time = timeOf(message)
  const trace = traceparentOf(message)
  return {
    ce_specversion: '1.0',
    ce_id: message.id,
    ce_source: sourceOf(message),
    ce_type: 'name' in message ? message.name : `ensemble.${message.type}`,
    ce_subject: message.key,
    ...(time !== undefined && { ce_time: new Date(time).toISOString() }),
    'content-type': 'application/json',
    ...(trace !== undefined && { traceparent: trace }),
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
