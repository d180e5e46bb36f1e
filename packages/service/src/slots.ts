// Owns: bounding how much of a kind of work is done at a time, and how much waits for its turn.
// I1: who comes first has the first turn; who finds the line full is refused at once.
import { retryLater } from '@ensemble/http'

export interface SlotsOptions {
  readonly atOnceMax: number
  readonly waitingMax: number
}

/** Runs the work in its turn. Errors: 503 with Retry-After when the line is full. */
export type Slots = <T>(work: () => Promise<T>) => Promise<T>

const RETRY_SECONDS = 1

export function slotsOf({ atOnceMax, waitingMax }: SlotsOptions): Slots {
  const waiting: (() => void)[] = []
  let free = atOnceMax
  return async (work) => {
    if (free > 0) free -= 1
    else if (waiting.length >= waitingMax)
      throw retryLater(RETRY_SECONDS, 'Too many passwords to look at at a time.')
    else await new Promise<void>((resolve) => void waiting.push(resolve))
    try {
      return await work()
    } finally {
      // A slot is handed over, never free in between, so that nobody slips in before who waits.
      const next = waiting.shift()
      if (next === undefined) free += 1
      else next()
    }
  }
}
