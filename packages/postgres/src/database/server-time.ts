/**
 * Owns the server's time as this process knows it without asking, for what must be decided before BEGIN is answered.
 * I1: only an answer that came quickly is believed, and carried on by this machine's clock for a moment only: a clock
 * that is set back or far ahead makes the server be asked.
 * I2: but for a clock that is set within that moment it is never ahead of the server's (what is due by it must be due
 * by the server's, too), and late by no more than ANSWER_MS_MAX + ERROR_MS_MAX.
 */
import type { Clock } from './clock.ts'

/** How old what was heard may be, milliseconds. */
const AGE_MS_MAX = 500
/** An answer that took longer says too little: it may have waited for a lock. */
const ANSWER_MS_MAX = 20
/** Both clocks are read in whole milliseconds, and their speeds differ a little. */
const ERROR_MS_MAX = 2

export class ServerTime {
  readonly #clock: Pick<Clock, 'now'>
  #heard: { readonly time: number; readonly at: number } | undefined

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock
  }

  /** Begins to ask; call the answer with what the server says. */
  asks(): (time: number) => void {
    const askedAt = this.#clock.now()
    return (time) => {
      const at = this.#clock.now()
      if (at < askedAt || at - askedAt > ANSWER_MS_MAX) return
      // An answer that took longer than the last one would only put the time back.
      if ((this.now ?? 0) <= time) this.#heard = { time, at }
    }
  }

  /** Epoch milliseconds; undefined when the server has to be asked. */
  get now(): number | undefined {
    if (this.#heard === undefined) return undefined
    const ageMs = this.#clock.now() - this.#heard.at
    if (ageMs < 0 || ageMs > AGE_MS_MAX) return undefined
    return this.#heard.time + Math.max(0, ageMs - ERROR_MS_MAX)
  }
}
