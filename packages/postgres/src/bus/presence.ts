// Owns: whether anybody else hears what this process says, as far as it can know. Pure. Everybody says now and then
// that he is there, and hears that of himself.
// I1: alone is who hears himself and has heard nobody else for a while; in doubt there are others.
// I2: who is heard again may have missed what was kept from him meanwhile, and who hears himself again may have kept
// something from others: they are told to look.

/** How often everybody says that he is there. Many processes hear each other: not much more often than that. */
export const BEAT_MS = 2_000
/** Some beats may be late. Who was silent for longer than that was stopped, and looks anyway when he goes on. */
const SILENCE_MS = 3 * BEAT_MS + 500
/** Two beats of one's own that were not heard: the connection may be lost. */
const DEAF_MS = 2 * BEAT_MS + 500

const NEVER = Number.NEGATIVE_INFINITY

export class Presence {
  #othersAt = NEVER
  #selfAt = NEVER
  /** Since when this process hears itself without a pause. */
  #hearsSince = NEVER

  isAlone(now: number): boolean {
    return !this.#isDeaf(now) && now - Math.max(this.#othersAt, this.#hearsSince) > SILENCE_MS
  }

  /** True when somebody may have missed something. */
  hearsOther(now: number): boolean {
    const wasAlone = this.isAlone(now)
    this.#othersAt = now
    return wasAlone
  }

  /** The same. */
  hearsItself(now: number): boolean {
    const wasDeaf = this.#isDeaf(now)
    const isFirst = this.#selfAt === NEVER
    if (wasDeaf) this.#hearsSince = now
    this.#selfAt = now
    return wasDeaf && !isFirst
  }

  /** Also when the clock was set back. */
  #isDeaf(now: number): boolean {
    return now < this.#selfAt || now - this.#selfAt > DEAF_MS
  }
}
