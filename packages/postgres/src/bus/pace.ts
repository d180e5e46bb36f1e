// Owns: how long notices are gathered before one goes out. Pure. A notice costs a commit here and a look there, whatever
// it tells of, so one is worth what has come since the last one.
// I1: what comes after a while of silence goes out at once, so that a lone saga never waits.
// I2: the more messages come, the rarer are notices: as many milliseconds lie between two as messages come in one.

/** However much comes: what a reader in another process would notice. */
const GAP_MS_MAX = 25
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

  /** Also when the clock was set back. */
  waitMs(now: number): number {
    const gapMs = Math.min(GAP_MS_MAX, this.#rate)
    return Math.min(gapMs, Math.max(0, this.#lastAt + gapMs - now))
  }

  /** A notice has gone out. */
  told(now: number): void {
    const rate = this.#count / Math.max(1, now - this.#lastAt)
    this.#rate += (rate - this.#rate) * WEIGHT
    this.#count = 0
    this.#lastAt = now
  }
}
