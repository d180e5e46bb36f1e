// Owns: one request of a customer who does not give up: asked again with the same key until it is answered.
// I1: an answer is what the server has decided (below 500, and not "not yet"); anything else is asked again.
import { now, sleep } from './clock.ts'

export interface Line {
  /** Asked before every try: the server comes back at another address. */
  readonly url: () => string
  readonly onRetry: () => void
}

export interface Asking {
  readonly method: 'POST' | 'PUT' | 'DELETE'
  readonly path: string
  readonly key: string
  readonly pattern: string
  readonly body?: unknown
}

export interface Answer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

const TRY_MS_MAX = 2_000
/** Longer than a start of the system, so that what begins a saga is known to have begun. */
const START_PATIENCE_MS = 8_000
/** Payments and cancels: whoever waits longer asks for nothing else meanwhile, and there would be no load. */
const PATIENCE_MS = 3_000
const PAUSE_MS = 100
/** Refusals that say "not yet". */
const NOT_YET = new Set(['payment-not-ready', 'idempotency-key-in-use'])

/** undefined when no answer came in time. */
export async function ask(line: Line, asking: Asking): Promise<Answer | undefined> {
  const end = now() + (asking.method === 'POST' ? START_PATIENCE_MS : PATIENCE_MS)
  for (;;) {
    const answer = await tryOnce(line.url(), asking)
    if (answer !== undefined) return answer
    if (now() >= end) return undefined
    line.onRetry()
    await sleep(PAUSE_MS)
  }
}

async function tryOnce(
  url: string,
  { method, path, key, pattern, body }: Asking,
): Promise<Answer | undefined> {
  if (url === '') return undefined
  try {
    const response = await fetch(`${url}${path}`, {
      method,
      signal: AbortSignal.timeout(TRY_MS_MAX),
      headers: {
        'idempotency-key': key,
        'saga-pattern': pattern,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const parsed: unknown = await response.json()
    const fields = fieldsOf(parsed)
    if (response.status >= 500 || NOT_YET.has(String(fields['code']))) return undefined
    return { status: response.status, body: fields }
  } catch {
    return undefined
  }
}

export function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {}
}
