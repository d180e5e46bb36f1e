// Owns: the request headers that every service reads: X-Request-Id, Saga-Pattern, Prefer, Idempotency-Key.
// I1: they are read from the raw request, because a route's header schema may leave them out.
// I2: what cannot be understood is refused with 400 and the header's name, except what its RFC says to ignore.
import type { AnyRequest } from './ports.ts'
import { badHeader } from './problem.ts'

export type SagaPattern = 'orchestration' | 'choreography'

export const SAGA_PATTERNS: readonly SagaPattern[] = ['orchestration', 'choreography']

/** The pattern that `Saga-Pattern` asks for, or the configured one. */
export function sagaPattern(request: Pick<AnyRequest, 'raw'>, pattern: SagaPattern): SagaPattern {
  return parseSagaPattern(headerOf(request, 'saga-pattern'), pattern)
}

export function parseSagaPattern(value: string | undefined, pattern: SagaPattern): SagaPattern {
  if (value === undefined) return pattern
  const asked = value.trim().toLowerCase()
  const known = SAGA_PATTERNS.find((one) => one === asked)
  if (known === undefined) {
    throw badHeader('Saga-Pattern', 'names no pattern', `send one of: ${SAGA_PATTERNS.join(', ')}`)
  }
  return known
}

/** Longer waits hold connections and run into the time-outs of proxies. */
export const WAIT_SECONDS_MAX = 30

/**
 * Seconds that the caller is ready to wait (`Prefer: wait=5`, RFC 7240 section 4.3), at most WAIT_SECONDS_MAX: a longer
 * wait is shortened, and `Preference-Applied` says so. undefined without that preference. Other preferences are
 * ignored, as the RFC says; of several waits the first counts.
 */
export function waitPreference(request: Pick<AnyRequest, 'raw'>): number | undefined {
  return parseWait(headerOf(request, 'prefer'))
}

export function parseWait(value: string | undefined): number | undefined {
  if (value === undefined) return undefined
  for (const preference of splitOutsideQuotes(value, ',')) {
    const [head = ''] = splitOutsideQuotes(preference, ';')
    const [name = '', ...rest] = head.split('=')
    if (name.trim().toLowerCase() !== 'wait') continue
    const word = rest
      .join('=')
      .trim()
      .replace(/^"(.*)"$/, '$1')
    if (!/^\d{1,9}$/.test(word)) {
      throw badHeader(
        'Prefer',
        'has a wait that is not a number of seconds',
        `send wait=0 to wait=${WAIT_SECONDS_MAX}`,
      )
    }
    return Math.min(Number(word), WAIT_SECONDS_MAX)
  }
  return undefined
}

interface HeaderTaker {
  header(name: string, value: string): unknown
}

/** Says which wait was honoured. */
export function preferenceApplied(reply: HeaderTaker, waitSeconds: number): void {
  reply.header('preference-applied', `wait=${waitSeconds}`)
}

/** The `Idempotency-Key` of a request: 1 to 255 printable ASCII characters, compared as sent. */
export function idempotencyKey(request: Pick<AnyRequest, 'raw'>): string | undefined {
  const name = 'idempotency-key'
  const count = request.raw.rawHeaders.filter(
    (text, index) => index % 2 === 0 && text.toLowerCase() === name,
  ).length
  if (count > 1) throw badHeader('Idempotency-Key', 'is given more than once', 'send it once')
  return parseIdempotencyKey(headerOf(request, name))
}

export function parseIdempotencyKey(value: string | undefined): string | undefined {
  if (value === undefined) return undefined
  if (!/^[\x20-\x7e]{1,255}$/.test(value)) {
    throw badHeader('Idempotency-Key', 'is not a usable key', 'send 1 to 255 printable ASCII characters')
  }
  return value
}

/** A caller's request id if it is harmless in logs and headers, else undefined. */
export function wellFormedRequestId(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' && /^[\w.:~-]{1,128}$/.test(value) ? value : undefined
}

export function headerOf(request: Pick<AnyRequest, 'raw'>, name: string): string | undefined {
  const value = request.raw.headers[name]
  return Array.isArray(value) ? value.join(', ') : value
}

function splitOutsideQuotes(text: string, separator: ',' | ';'): readonly string[] {
  const parts: string[] = ['']
  let quoted = false
  for (let index = 0; index < text.length; index += 1) {
    const char = text.charAt(index)
    if (char === '"') quoted = !quoted
    if (char === separator && !quoted) {
      parts.push('')
      continue
    }
    const escaped = quoted && char === '\\' ? text.charAt((index += 1)) : ''
    parts.push((parts.pop() ?? '') + char + escaped)
  }
  return parts
}
