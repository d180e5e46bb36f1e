// Owns: one request of a customer: asked again with the same key until it is answered, or not, by who asks.
// I1: an answer is what the server has decided (below 500, and not "not yet"); anything else may be asked again.
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
  /** Goes away when the connection is lost, and never learns whether it was heard. */
  readonly isImpatient?: boolean
}

export interface Answer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

/** Longer than the server keeps a request waiting for what is on its way; a killed server is noticed at once. */
const TRY_MS_MAX = 8_000
/** Longer than a start of the system on a busy machine. */
const PATIENCE_MS = 15_000
const PAUSE_MS = 100
const NOT_YET = 'payment-not-ready'
/** The first try may have died with its server: whether it was heard will not be known within this run. */
const IN_DOUBT = 'idempotency-key-in-use'

/** undefined when no answer came in time. */
export async function ask(line: Line, asking: Asking): Promise<Answer | undefined> {
  const end = now() + PATIENCE_MS
  for (;;) {
    const answer = await tryOnce(line.url(), asking)
    if (typeof answer === 'object') return answer.body['code'] === IN_DOUBT ? undefined : answer
    if (now() >= end || (answer === 'lost' && asking.isImpatient === true)) return undefined
    line.onRetry()
    await sleep(PAUSE_MS)
  }
}

async function tryOnce(
  url: string,
  { method, path, key, pattern, body }: Asking,
): Promise<Answer | 'lost' | 'not yet'> {
  if (url === '') return 'not yet'
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
    if (response.status >= 500 || fields['code'] === NOT_YET) return 'not yet'
    return { status: response.status, body: fields }
  } catch {
    return 'lost'
  }
}

export function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {}
}
