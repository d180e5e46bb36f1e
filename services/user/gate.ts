// Owns: whether a name and a password belong together.
// Does not own: how a hash is made (@ensemble/service), how long a name rests (there too).
// I1: a name that nobody has is treated like one that somebody has: the same reads, the same hash, the same count.
// I2: a guess is looked at, or refused, when it has its turn to be computed; so no more guesses than are computed at a
// time can pass the bound together.
// I3: the right password makes a login's old hash new when new ones cost more.
import type { Clock } from '@ensemble/runtime'
import { restMs, type Guesses } from '@ensemble/service/guesses'
import type { Login } from './login.ts'
import type { Passwords } from '@ensemble/service/passwords'
import type { Slots } from '@ensemble/service/slots'

export interface Credentials {
  readonly username: string
  readonly password: string
}

export type Verdict<Found> =
  | { readonly status: 'right'; readonly found: Found }
  | { readonly status: 'wrong' }
  | { readonly status: 'resting'; readonly ms: number }

export interface Gate {
  /** Errors: 503 when too many wait. */
  hash(password: string): Promise<string>
  /** `find` looks for the login of that name. Errors: 503 when too many wait. */
  check<Found extends { readonly login: Login }>(
    credentials: Credentials,
    find: () => Promise<Found | undefined>,
  ): Promise<Verdict<Found>>
}

export interface GateParts {
  readonly memory: GateMemory
  readonly passwords: Passwords
  readonly slots: Slots
  readonly clock: Pick<Clock, 'now'>
}

/** What is kept about names and hashes. */
export interface GateMemory {
  guesses(username: string): Promise<Guesses | undefined>
  failed(username: string, at: number): Promise<void>
  forgive(username: string): Promise<void>
  /** Does nothing when the login has changed since it was read. */
  rehash(login: Login): Promise<void>
}

export function gateOf({ memory, passwords, slots, clock }: GateParts): Gate {
  return {
    hash: (password) => slots(() => passwords.hash(password)),
    check: ({ username, password }, find) =>
      slots(async () => {
        const [guesses, found] = await Promise.all([memory.guesses(username), find()])
        const ms = restMs(guesses, clock.now())
        if (ms > 0) return { status: 'resting', ms }
        const isRight = await passwords.isRight(password, found?.login.passwordHash)
        if (found === undefined || !isRight) {
          await memory.failed(username, clock.now())
          return { status: 'wrong' }
        }
        if (guesses !== undefined) await memory.forgive(username)
        if (passwords.isOutdated(found.login.passwordHash)) {
          await memory.rehash({ ...found.login, passwordHash: await passwords.hash(password) })
        }
        return { status: 'right', found }
      }),
  }
}
