// Owns: what goes wrong in a run and how often, and the count of what did.
// I1: faults happen until `heal` ends them, and after a `relapse`.
// I2: each fault has a name, its kind and a number; a run that is given the names it may have has no other ones (that
// is how a failing scenario is made smaller). Each kind has chance of its own, so that leaving one out moves no other.
import type { Chance } from './chance.ts'

export const FAULTS = [
  // Of processes.
  'crash before call',
  'crash after call',
  'crash loop',
  'host lost',
  'pause',
  'pause in a call',
  'pause at a provider',
  'clock jump',
  // Of databases.
  'connection lost',
  'commit unknown',
  'serialization',
  'lock dropped',
  'database restart',
  'slow statement',
  'database clock jump',
  // Of buses.
  'send fails',
  'send unknown',
  'sent twice',
  'message lost',
  'done lost',
  'offsets lost',
  'rebalance',
  'news lost',
  'poison',
] as const
export type FaultKind = (typeof FAULTS)[number]

/** The share of occasions at which a fault happens; what is left out never does. */
export type FaultWeights = Readonly<Partial<Record<FaultKind, number>>>

interface FaultOptions {
  /** Names of the faults that may happen; null for all. */
  readonly allowed?: ReadonlySet<string> | null
  readonly tell?: (who: string, what: string) => void
}

export class Faults {
  readonly weights: FaultWeights
  readonly counts = new Map<FaultKind, number>()
  readonly #chance: Chance
  readonly #streams = new Map<FaultKind, Chance>()
  readonly #numbers = new Map<FaultKind, number>()
  readonly #options: FaultOptions
  readonly #happened: string[] = []
  #isHealed = false

  constructor(chance: Chance, weights: FaultWeights, options: FaultOptions = {}) {
    this.#chance = chance
    this.weights = weights
    this.#options = options
  }

  get isHealed(): boolean {
    return this.#isHealed
  }

  /** Names of the faults that happened, in order. */
  get happened(): readonly string[] {
    return this.#happened
  }

  heal(): void {
    this.#isHealed = true
  }

  /** Everything may go wrong again. */
  relapse(): void {
    this.#isHealed = false
  }

  /** Whether this fault happens on this occasion, to `who`; `times` as likely as on others. */
  hit(kind: FaultKind, who = 'all', times = 1): boolean {
    const weight = (this.weights[kind] ?? 0) * times
    if (this.#isHealed || weight === 0 || !this.#streamOf(kind).hit(weight)) return false
    const number = (this.#numbers.get(kind) ?? 0) + 1
    this.#numbers.set(kind, number)
    const name = `${kind} ${number}`
    const { allowed = null, tell } = this.#options
    if (allowed !== null && !allowed.has(name)) return false
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1)
    this.#happened.push(name)
    tell?.(who, `FAULT ${name}`)
    return true
  }

  #streamOf(kind: FaultKind): Chance {
    const stream = this.#streams.get(kind) ?? this.#chance.stream(kind)
    this.#streams.set(kind, stream)
    return stream
  }
}
