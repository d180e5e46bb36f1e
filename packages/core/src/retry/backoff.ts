// Owns: how long to wait before the next try. Exponential with full jitter (the idea: AWS Architecture Blog,
// "Exponential Backoff And Jitter"), capped. Chance is an argument.
// I1: run and undo have budgets of their own: the attempt number always belongs to one operation.

export interface RetryPolicy {
  /** First delay, milliseconds. */
  readonly delayMsMin: number
  readonly delayMsMax: number
  /**
   * Tries of a check, compensatable or pivot before it is answered `faulted`; retriables and undos are tried
   * for ever.
   */
  readonly attemptsMax: number
}

export const RETRY_DEFAULT: RetryPolicy = { delayMsMin: 200, delayMsMax: 60_000, attemptsMax: 6 }

/** Milliseconds until the try after `attempt` (1 = the first try failed); `chance` is in [0, 1). */
export function backoffMs(policy: RetryPolicy, attempt: number, chance: number): number {
  const exponent = Math.min(attempt - 1, 30)
  const ceiling = Math.min(policy.delayMsMax, policy.delayMsMin * 2 ** exponent)
  return Math.round(ceiling / 2 + (ceiling / 2) * chance)
}
