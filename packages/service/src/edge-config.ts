// Owns: the settings of the public origin out of the environment: how often and from which pages one may call, how
// large a body may be, how long a service may take.
import { BODY_LIMIT_BYTES, type RateLimits } from '@ensemble/http'
import { spanMs } from '@ensemble/core'
import { isIP } from 'node:net'
import * as z from 'zod'
import type { Read } from './kafka-config.ts'

export interface EdgeSettings {
  /** Origins whose pages may call. */
  readonly corsOrigins: readonly string[]
  readonly bodyLimitBytes: number
  readonly rateLimits: RateLimits
  /** Whose X-Forwarded-For is believed. */
  readonly trustedProxies: readonly string[]
  /** How long one call to a service may take. */
  readonly peerTimeoutMs: number
  /** Most streams of a saga's events at a time. */
  readonly eventStreamsMax: number
  /** Most requests that are worked on at a time; what starts sagas is taken while fewer than half as many are. */
  readonly requestsMax: number
}

const BODY_BYTES_MIN = 1_024
const EVENT_STREAMS_MAX = 200
/** At a hundred orders a second their customers wait some seconds then; who comes later is better told to come back. */
const REQUESTS_MAX = 1_000
const WINDOW_MS = 60_000
const DAY_MS = 86_400_000
/** Longer than a peer's own longest wait (`Prefer: wait`), shorter than what proxies in front of us allow. */
const PEER_MS = 35_000
const PEER_MS_MAX = 300_000

const Count = z.coerce.number().int().min(1).max(1_000_000_000)

const listOf = (one: z.ZodType<string, string>) =>
  z
    .string()
    .transform((text) => text.split(',').map((part) => part.trim()))
    .pipe(z.array(one))

/** What browsers send: no path, no slash at the end. */
const Origin = z
  .url({ protocol: /^https?$/ })
  .refine((text) => URL.canParse(text) && new URL(text).origin === text)

const Network = z.string().refine((text) => {
  const [address = '', bits, ...more] = text.split('/')
  const kind = isIP(address)
  if (kind === 0 || more.length > 0) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (kind === 4 ? 32 : 128))
})

const spanWithin = (max: number) =>
  z.string().transform((text, context) => {
    try {
      const ms = spanMs(text)
      if (ms > 0 && ms <= max) return ms
    } catch {
      // Told below, with the fix.
    }
    context.addIssue('is no span in the bounds')
    return z.NEVER
  })

export function readEdge(read: Read): EdgeSettings {
  const callsMax = (name: string) =>
    read<number | null>(name, Count, null, 'set a whole number of calls from 1 on')
  return {
    corsOrigins: read<readonly string[]>(
      'CORS_ORIGINS',
      listOf(Origin),
      [],
      'set origins such as https://shop.example, with commas between them',
    ),
    bodyLimitBytes: read(
      'REQUEST_BYTES_MAX',
      z.coerce.number().int().min(BODY_BYTES_MIN).max(BODY_LIMIT_BYTES),
      BODY_LIMIT_BYTES,
      `set a whole number of bytes from ${BODY_BYTES_MIN} to ${BODY_LIMIT_BYTES}`,
    ),
    rateLimits: {
      addressMax: callsMax('RATE_LIMIT_ADDRESS'),
      callerMax: callsMax('RATE_LIMIT_CALLER'),
      windowMs: read(
        'RATE_LIMIT_WINDOW',
        spanWithin(DAY_MS),
        WINDOW_MS,
        'set a span such as 10s or 1m, 1d at most',
      ),
    },
    trustedProxies: read<readonly string[]>(
      'TRUSTED_PROXIES',
      listOf(Network),
      [],
      'set addresses or networks such as 10.0.0.0/8, with commas between them',
    ),
    peerTimeoutMs: read(
      'PEER_TIMEOUT',
      spanWithin(PEER_MS_MAX),
      PEER_MS,
      'set a span such as 35s, 5m at most',
    ),
    eventStreamsMax: read('EVENT_STREAMS_MAX', Count, EVENT_STREAMS_MAX, 'set a whole number from 1 on'),
    requestsMax: read('REQUESTS_MAX', Count, REQUESTS_MAX, 'set a whole number from 1 on'),
  }
}

/** What holds where nothing is set. */
export const EDGE_DEFAULT: EdgeSettings = readEdge((_name, _schema, fallback) => fallback)
