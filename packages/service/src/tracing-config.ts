// Owns: where traces go, out of the environment, by the names that OpenTelemetry gave its settings.
// I1: a header never shows in what is said about it; it may hold a key.
import * as z from 'zod'
import type { Read } from './kafka-config.ts'

export interface TracingSettings {
  /** Of a collector or of Jaeger, without `/v1/traces`. */
  readonly endpoint: string
  /** For whoever takes them. */
  readonly headers: Readonly<Record<string, string>>
  /** Instead of each service's own name. */
  readonly serviceName: string | undefined
  /** The part of traces that is kept, from 0 to 1. */
  readonly ratio: number
}

const Endpoint = z.url({ protocol: /^https?$/ }).refine((text) => {
  const url = URL.parse(text)
  return url?.search === '' && url.hash === ''
})
const Name = z.string().max(100)
const Ratio = z.coerce.number().min(0).max(1)
/** `name=value`, with commas; values as in a URL (W3C Baggage, without its properties). */
const Headers = z.string().transform((text, context) => {
  const pairs = text.split(',').map((pair) => /^([!#$%&'*+.^`|~\w-]+)=([\x21-\x7e]*)$/.exec(pair.trim()))
  try {
    return Object.fromEntries(
      pairs.map((pair) => [pair?.[1] ?? '', decodeURIComponent(pair?.[2] ?? '%')] as const),
    )
  } catch {
    context.addIssue('is not name=value')
    return z.NEVER
  }
})
const Protocol = z.literal('http/json')

/** Undefined without `OTEL_EXPORTER_OTLP_ENDPOINT`: nothing is traced, and nothing is loaded for it. */
export function readTracing(read: Read): TracingSettings | undefined {
  const fix = 'set the URL of a collector that takes OTLP over HTTP, such as http://127.0.0.1:4318'
  const endpoint = read<string | undefined>('OTEL_EXPORTER_OTLP_ENDPOINT', Endpoint, undefined, fix)
  const headers = read(
    'OTEL_EXPORTER_OTLP_HEADERS',
    Headers,
    {},
    'set name=value, several with commas between',
  )
  const serviceName = read<string | undefined>(
    'OTEL_SERVICE_NAME',
    Name,
    undefined,
    'set up to 100 characters',
  )
  const ratio = read('OTEL_TRACES_SAMPLER_ARG', Ratio, 1, 'set the part of traces to keep, from 0 to 1')
  read('OTEL_EXPORTER_OTLP_PROTOCOL', Protocol, 'http/json', 'set http/json, or leave it out')
  return endpoint === undefined ? undefined : { endpoint, headers, serviceName, ratio }
}
