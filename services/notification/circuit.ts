// Owns: when a provider that fails is left alone for a while. Pure, and one small memory of it per process.
// I1: FAILURES_MAX failures in a row let a provider rest; after that one call may try it, and its end decides.
// I2: what a provider refuses says nothing against the provider.
// Own, and not a library: libraries keep the time themselves, and a rest must be decided before the call is stored.
import type { Time } from '@ensemble/core'

export interface Circuit {
  /** Calls in a row that ended badly. */
  readonly failureCount: number
  readonly restsUntil: Time
}

export const FAILURES_MAX = 5
export const REST_MS = 30_000

const CLOSED: Circuit = { failureCount: 0, restsUntil: 0 }

function rests({ restsUntil }: Circuit, now: Time): boolean {
  return now < restsUntil
}

/** A call begins. The one after a rest is alone: others wait for its end, or for as long as a rest. */
function entered(circuit: Circuit, now: Time): Circuit {
  return circuit.failureCount < FAILURES_MAX ? circuit : { ...circuit, restsUntil: now + REST_MS }
}

/** A call ended; whether the provider did its work. */
function ended({ failureCount }: Circuit, isWell: boolean, now: Time): Circuit {
  if (isWell) return CLOSED
  const count = failureCount + 1
  return { failureCount: count, restsUntil: count < FAILURES_MAX ? 0 : now + REST_MS }
}

/** The circuits of this process; another instance finds out by itself. */
export class Circuits {
  readonly #known = new Map<string, Circuit>()

  resting(now: Time): ReadonlySet<string> {
    const names = [...this.#known].filter(([, circuit]) => rests(circuit, now)).map(([name]) => name)
    return new Set(names)
  }

  enter(name: string, now: Time): void {
    this.#known.set(name, entered(this.#of(name), now))
  }

  end(name: string, isWell: boolean, now: Time): void {
    this.#known.set(name, ended(this.#of(name), isWell, now))
  }

  #of(name: string): Circuit {
    return this.#known.get(name) ?? CLOSED
  }
}
