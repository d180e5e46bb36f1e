// Owns: calls to a running system, and waiting for what they show, with a bound.
import { setTimeout as sleep } from 'node:timers/promises'

export interface Answer {
  readonly status: number
  readonly body: unknown
}

export interface Asking {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export class DemoError extends Error {
  override readonly name = 'DemoError'
}

/** A call that is answered with JSON, of whatever status. */
export async function ask(url: string, { method = 'GET', body, headers }: Asking = {}): Promise<Answer> {
  const answer = await fetch(url, {
    method,
    headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const text = await answer.text()
  return { status: answer.status, body: text === '' ? null : JSON.parse(text) }
}

/** A call that must be answered with 200; its body. */
export async function must(url: string, asking?: Asking): Promise<unknown> {
  const { status, body } = await ask(url, asking)
  if (status !== 200)
    throw new DemoError(`${asking?.method ?? 'GET'} ${url}: ${status} ${JSON.stringify(body)}`)
  return body
}

const POLL_MS = 30
const ROUNDS_MAX = 1_000

/** What `look` finds as soon as it finds something. */
export async function found<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const seen = await look()
    if (seen !== undefined) return seen
    await sleep(POLL_MS)
  }
  throw new DemoError(`${what} did not happen within ${(ROUNDS_MAX * POLL_MS) / 1_000} s`)
}
