// Owns: wrong secrets of clients: how long a client's key must rest after them. In memory of one process.
// Does not own: how long a rest is (@ensemble/service/guesses), comparing (provider.ts).
// I1: a rest depends on the key that was sent, never on whether a client has it.
// I2: a key is no secret, so anybody can make it rest. Who brought the right secret before is asked all the same.
// I3: a key or a secret is kept by a digest that means nothing outside this process, and no more than KEPT_COUNT_MAX.
import type { Clock } from '@ensemble/runtime'
import { FORGOTTEN_MS, restMs, type Guesses } from '@ensemble/service/guesses'
import { createHmac, randomBytes } from 'node:crypto'

/** How a client showed who it is. */
export interface ShownSecret {
  readonly key: string
  readonly secret: string
}

export interface SecretGuesses {
  /** Milliseconds until the next guess is looked at; 0: now. */
  restMs(shown: ShownSecret): number
  wrong(shown: ShownSecret): void
  right(shown: ShownSecret): void
}

/** A rest is forgotten sooner when more keys than that are guessed at; their secrets are 256 random bits. */
const KEPT_COUNT_MAX = 10_000
const PEPPER_BYTES = 32

export function secretGuesses({ now }: Pick<Clock, 'now'>): SecretGuesses {
  const pepper = randomBytes(PEPPER_BYTES)
  const wrongs = new Map<string, Guesses>()
  const rights = new Map<string, true>()
  const digest = (text: string): string => createHmac('sha256', pepper).update(text).digest('base64')
  const pairOf = ({ key, secret }: ShownSecret): string => digest(JSON.stringify([key, secret]))
  return {
    restMs: (shown) => (rights.has(pairOf(shown)) ? 0 : restMs(wrongs.get(digest(shown.key)), now())),
    wrong: (shown) => {
      rights.delete(pairOf(shown))
      const name = digest(shown.key)
      const before = wrongs.get(name)
      const isOld = before === undefined || before.failedAt < now() - FORGOTTEN_MS
      keep(wrongs, name, { failures: (isOld ? 0 : before.failures) + 1, failedAt: now() })
    },
    right: (shown) => {
      wrongs.delete(digest(shown.key))
      keep(rights, pairOf(shown), true)
    },
  }
}

/** The newest last; the oldest goes. */
function keep<Value>(map: Map<string, Value>, name: string, value: Value): void {
  map.delete(name)
  map.set(name, value)
  const [oldest] = map.keys()
  if (map.size > KEPT_COUNT_MAX && oldest !== undefined) map.delete(oldest)
}

interface Bearing {
  readonly headers: Readonly<Record<string, string>>
  readonly form?: Readonly<Record<string, string>> | undefined
}

/** What the client shows: by HTTP Basic (RFC 6749, section 2.3.1), or in the form. */
export function secretOf({ headers, form }: Bearing): ShownSecret | undefined {
  const [, basic] = /^basic +([\w+/=-]+)$/i.exec(headers['authorization'] ?? '') ?? []
  const [key, secret] =
    basic === undefined
      ? [form?.['client_id'], form?.['client_secret']]
      : Buffer.from(basic, 'base64').toString().split(':').map(formDecoded)
  return key === undefined || secret === undefined ? undefined : { key, secret }
}

function formDecoded(text: string): string {
  return new URLSearchParams(`text=${text.replaceAll('&', '%26')}`).get('text') ?? text
}
