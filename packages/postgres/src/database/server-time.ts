/**
 * Owns the server's time as this process knows it, so that a transaction need not ask before it decides.
 * I1: what was heard is carried on by this machine's clock for a moment only: a clock that is set meanwhile makes an
 * error of that moment at most, and one that is set back or far ahead makes the server be asked.
 * I2: but for such a clock it is never ahead of the server's: what is due by it must be due by the server's, too. It is
 * late by as long as the answer took, and by what both clocks leave out in whole milliseconds.
 */
import type { Clock } from './clock.ts'

/** How old what was heard may be, milliseconds. */
const AGE_MS_MAX = 500
/** From here on a transaction asks by the way, without waiting for it. */
const AGE_MS_STALE = 250
/** Both clocks are read in whole milliseconds, and their speeds differ a little. */
const ERROR_MS_MAX = 2

export class ServerTime {
  readonly #clock: Pick<Clock, 'now'>
  #heard: { readonly time: number; readonly at: number } | undefined

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock
  }

  /** The server said so just now. */
  hear(time: number): void {
    this.#heard = { time, at: this.#clock.now() }
  }

  /** Epoch milliseconds; undefined when the server has to be asked. */
  get now(): number | undefined {
    const ageMs = this.#ageMs
    return this.#heard === undefined || ageMs < 0 || ageMs > AGE_MS_MAX
      ? undefined
      : this.#heard.time + Math.max(0, ageMs - ERROR_MS_MAX)
  }

  get isStale(): boolean {
    return this.now === undefined || this.#ageMs > AGE_MS_STALE
  }

  get #ageMs(): number {
    return this.#heard === undefined ? Number.POSITIVE_INFINITY : this.#clock.now() - this.#heard.at
  }
}
