// Owns: how long a name must rest after wrong passwords or secrets. Pure.
// I1: it depends on the name alone, never on whether somebody has it.
// I2: a row of wrong passwords is forgotten after the right one, or after FORGOTTEN_MS without another.
import type { Time } from '@ensemble/core'

/** Wrong passwords or secrets for one name, one after the other. */
export interface Guesses {
  readonly failures: number
  readonly failedAt: Time
}

/** Whoever mistypes does not do it more often. */
export const FAILURES_FREE_MAX = 4
const REST_MS_MIN = 60_000
/** About a hundred guesses a day; long enough against guessing, short enough for whom somebody else locks out. */
export const REST_MS_MAX = 15 * 60_000
export const FORGOTTEN_MS = 86_400_000

/** Milliseconds until the next guess is looked at; 0 when it may come. */
export function restMs(guesses: Guesses | undefined, now: Time): number {
  if (guesses === undefined || guesses.failures <= FAILURES_FREE_MAX) return 0
  const doublings = guesses.failures - FAILURES_FREE_MAX - 1
  const rest = Math.min(REST_MS_MAX, REST_MS_MIN * 2 ** doublings)
  return Math.max(0, guesses.failedAt + rest - now)
}
