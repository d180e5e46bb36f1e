// Owns: how a verb is repeated: at once while there is work, on news or after a while when there is none,
// with backoff when it fails.
import { backoffMs, type RetryPolicy } from '@ensemble/core'
import { tell } from '../diagnostics.ts'
import type { Clock, Ids } from '../ports.ts'
import type { Bell } from './bell.ts'

export interface LoopOptions {
  readonly service: string
  readonly verb: string
  readonly clock: Clock
  readonly ids: Ids
  readonly bell: Bell
  /** How long to wait for news before looking anyway, milliseconds. */
  readonly pollMs: () => number
  readonly stopped: AbortSignal
}

const FAILED: RetryPolicy = { delayMsMin: 50, delayMsMax: 2_000, attemptsMax: 1 }

/** Runs `step` until stopped; false or 0 says that there is no more. Resolves when the last step has ended. */
export async function loop(step: () => Promise<number | boolean>, options: LoopOptions): Promise<void> {
  const { service, verb, clock, ids, bell, stopped } = options
  let failures = 0
  while (!stopped.aborted) {
    try {
      const more = await step()
      failures = 0
      if (more === 0 || more === false) await bell.wait(clock, options.pollMs(), stopped)
    } catch (error) {
      failures += 1
      tell('error', { service, detail: verb, error })
      await clock.sleep(backoffMs(FAILED, failures, ids.chance()), stopped)
    }
  }
}
