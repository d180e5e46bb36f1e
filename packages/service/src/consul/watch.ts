// Owns: reading again whenever what is read in Consul has changed (blocking queries).
// Source: Consul's documentation of blocking queries, implementation details.
// I1: an index that goes down is begun anew at 0, and one of 0 counts as 1: else changes would be missed, or every read
// answered at once.
// I2: what fails is tried again, at longer and longer intervals that differ among processes; what was heard stays.
// I3: it asks at most ten times a second, however often something changes.
import { backoffMs, type RetryPolicy } from '@ensemble/core'
import type { Blocking, Indexed } from './client.ts'
import type { Clock } from '@ensemble/runtime'

export interface Watching<Value> {
  readonly read: (blocking: Blocking) => Promise<Indexed<Value>>
  readonly hear: (value: Value) => void
  /** Hears the first of failures in a row. */
  readonly fail: (error: unknown) => void
  readonly clock: Pick<Clock, 'sleep'>
  /** At least 0, below 1. */
  readonly chance: () => number
  readonly signal: AbortSignal
}

const PAUSE_MS = 100
const RETRY: RetryPolicy = { delayMsMin: 500, delayMsMax: 30_000, attemptsMax: Infinity }

/** Resolves when the signal has aborted. */
export async function watch<Value>(watching: Watching<Value>): Promise<void> {
  const { read, hear, fail, clock, chance, signal } = watching
  let index = 0
  let failures = 0
  while (!signal.aborted) {
    try {
      const found = await read({ index, signal })
      if (found.index !== index) hear(found.value)
      index = nextIndex(index, found.index)
      failures = 0
      await clock.sleep(PAUSE_MS, signal)
    } catch (error) {
      if (signal.aborted) return
      if (failures === 0) fail(error)
      failures += 1
      // Asked at once next time, since the agent may be another by then.
      index = 0
      await clock.sleep(backoffMs(RETRY, failures, chance()), signal)
    }
  }
}

export function nextIndex(before: number, found: number): number {
  return found < before ? 0 : Math.max(found, 1)
}
