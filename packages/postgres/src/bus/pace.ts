// Owns: how long notices are gathered before one goes out. Pure. A notice costs a commit here and a look there,
// whatever it tells of; under load it is worth to wait for more to tell of.
// I1: what comes after silence goes out at once, and where little comes a notice hardly waits: a lone saga has but a
// moment when two transactions follow each other within a millisecond.
// I2: above one message a millisecond, the more come the longer a notice waits, up to a bound.

/** However much comes: what a reader in another process would notice. */
const WAIT_MS_MAX = 25
/** Of a rate above one message a millisecond. */
const WAIT_FACTOR = 1.5
/** Then nothing is expected any more. */
const SILENCE_MS = 100
/** Of the last notice's rate in what is expected; the rest is what was expected before. */
const WEIGHT = 0.25

export class Pace {
  #count = 0
  /** Messages a millisecond. */
  #rate = 0
  #lastAt = Number.NEGATIVE_INFINITY

  /** Messages that the next notice will tell of. */
  add(count: number): void {
    this.#count += count
  }

  /** From the first of what is to be told on. A clock that was set back says nothing about what to expect. */
  waitMs(now: number): number {
    const silenceMs = now - this.#lastAt
    if (silenceMs < 0 || silenceMs > SILENCE_MS) this.#rate = 0
    return Math.min(WAIT_MS_MAX, Math.max(0, WAIT_FACTOR * (this.#rate - 1)))
  }

  /** A notice goes out. */
  told(now: number): void {
    const rate = this.#count / Math.max(1, now - this.#lastAt)
    this.#rate += (rate - this.#rate) * WEIGHT
    this.#count = 0
    this.#lastAt = now
  }
}
