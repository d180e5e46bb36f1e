// Owns: time that a test moves by hand.
// I1: time stands still until `advance`; sleepers wake in the order of their due times, of one time in the order they
// fell asleep.
import { setImmediate } from 'node:timers/promises'
import type { Time } from '@ensemble/core'
import type { Clock, Stopwatch } from '@ensemble/runtime'

export interface ManualClock extends Clock, Stopwatch {
  /**
   * Moves time on, waking each sleeper at its own time; what follows from that without waiting is done before the next
   * one wakes, even if it is to sleep again.
   */
  advance(ms: number): Promise<void>
  /** When the next sleeper is due, null when nobody sleeps. */
  nextAt(): Time | null
}

interface Sleeper {
  readonly dueAt: Time
  readonly wake: () => void
}

/** `start` is epoch milliseconds. */
export function manualClock(start: Time): ManualClock {
  let now = start
  const sleepers = new Set<Sleeper>()
  const first = (): Sleeper | null =>
    [...sleepers].reduce<Sleeper | null>(
      (best, one) => (best === null || one.dueAt < best.dueAt ? one : best),
      null,
    )

  return {
    now: () => now,
    elapsed: () => now - start,
    nextAt: () => first()?.dueAt ?? null,
    sleep: (ms, signal) => {
      if (ms <= 0 || signal.aborted) return Promise.resolve()
      return new Promise((resolve) => {
        const wake = (): void => {
          sleepers.delete(sleeper)
          signal.removeEventListener('abort', wake)
          resolve()
        }
        const sleeper: Sleeper = { dueAt: now + ms, wake }
        sleepers.add(sleeper)
        signal.addEventListener('abort', wake)
      })
    },
    advance: async (ms) => {
      const target = now + ms
      await setImmediate()
      for (let next = first(); next !== null && next.dueAt <= target; next = first()) {
        now = Math.max(now, next.dueAt)
        next.wake()
        // Lets everything that follows from the wake-up without waiting run, however many turns of promises it takes.
        await setImmediate()
      }
      now = Math.max(now, target)
    },
  }
}
