// Owns: what goes wrong in a run and how often, and the count of what did.
// I1: faults happen while the run is in its first phase only; `heal` ends them.
// I2: each fault that happens has a number; a run that is given the numbers it may have has no other ones (that is
// how a failing scenario is made smaller).
import type { Chance } from './chance.ts'

export const FAULTS = [
  // Of processes.
  'crash before call',
  'crash after call',
  'host lost',
  'pause',
  'pause in a call',
  'clock jump',
  // Of databases.
  'connection lost',
  'commit unknown',
  'serialization',
  'lock dropped',
  'database restart',
  'slow statement',
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

export class Faults {
  readonly weights: FaultWeights
  readonly counts = new Map<FaultKind, number>()
  readonly #chance: Chance
  readonly #allowed: ReadonlySet<number> | null
  #drawn = 0
  #isHealed = false

  /** `allowed` are the numbers of the faults that may happen; null for all. */
  constructor(chance: Chance, weights: FaultWeights, allowed: ReadonlySet<number> | null = null) {
    this.#chance = chance
    this.weights = weights
    this.#allowed = allowed
  }

  get isHealed(): boolean {
    return this.#isHealed
  }

  /** Faults that would have happened, allowed or not. */
  get drawn(): number {
    return this.#drawn
  }

  heal(): void {
    this.#isHealed = true
  }

  /** Whether this fault happens on this occasion. */
  hit(kind: FaultKind): boolean {
    const weight = this.weights[kind] ?? 0
    if (this.#isHealed || weight === 0 || !this.#chance.hit(weight)) return false
    const number = this.#drawn
    this.#drawn += 1
    if (this.#allowed !== null && !this.#allowed.has(number)) return false
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1)
    return true
  }
}
