// Owns: the settings of a host, their defaults and why they are what they are; all wrong ones are named at
// once.
import { RETRY_DEFAULT, type RetryPolicy } from '@ensemble/core'
import { EnsembleError } from '../errors.ts'

export interface Settings {
  readonly retry: RetryPolicy
  /** Silence after which an orchestrated saga's outstanding operation is asked for again, milliseconds. */
  readonly overdueAfterMs: number
  /**
   * Messages of one batch: large enough to spread the cost of a commit, small enough to keep locks short. Long ones
   * are fewer: a batch has a million characters at most, or one message. Starts, of which two batches may be under way,
   * are half as many.
   */
  readonly batchCountMax: number
  /** How often to look for messages when no news comes, milliseconds. */
  readonly pollMs: number
  /** How often to look for due timers and left-behind rows, and to remove those of what was sent, milliseconds. */
  readonly sweepMs: number
  /** How long answered operations are kept; nothing older is executed without a row, milliseconds. */
  readonly operationRetentionMs: number
}

const SETTINGS_DEFAULT: Settings = {
  retry: RETRY_DEFAULT,
  overdueAfterMs: 30_000,
  batchCountMax: 200,
  pollMs: 250,
  sweepMs: 250,
  operationRetentionMs: 30 * 86_400_000,
}

export function settingsOf(given: Partial<Settings>): Settings {
  const settings = { ...SETTINGS_DEFAULT, ...given }
  const problems: string[] = []
  const { retry, ...numbers } = settings
  for (const [name, value] of Object.entries({ ...numbers, ...retry })) {
    if (!Number.isFinite(value) || value <= 0)
      problems.push(`${name} must be a number above 0, got ${String(value)}`)
  }
  if (retry.delayMsMax < retry.delayMsMin) problems.push('retry.delayMsMax must be at least retry.delayMsMin')
  if (problems.length > 0) throw new EnsembleError('HOST_MISCONFIGURED', 'settings', problems)
  return settings
}

/**
 * Answered rows go this long after the horizon has passed them, so that no running batch misses the horizon.
 */
export const HORIZON_LEAD_MS = 3_600_000

/** Nothing issued after this can be before the horizon. */
export function horizonCheckedBefore(settings: Settings, now: number): number {
  return now - settings.operationRetentionMs + 2 * HORIZON_LEAD_MS
}
