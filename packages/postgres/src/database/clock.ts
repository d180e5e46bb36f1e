/** Owns the only time, waiting and chance of this package. Everything else takes a Clock. */
import { randomBytes } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'

export interface Clock {
  /** Epoch milliseconds of this machine; the database's own time is `SqlTransaction.now`. */
  now(): number
  /** Resolves after `ms`, or at once when `signal` is raised; never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /** Uniform in [0, 1). */
  chance(): number
}

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: async (ms, signal) => {
    await wait(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined)
  },
  chance: () => Math.random(),
}

/** Unguessable text for passwords and names of temporary things. */
export function randomText(bytes: number): string {
  return randomBytes(bytes).toString('hex')
}
