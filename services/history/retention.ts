// Owns: forgetting in time: what was told of for the last time longer ago than the retention.
// I1: a failure here never stops the service; the next round tries again.
import type { Clock } from '@ensemble/runtime'
import type { HistoryStorage } from './storage.ts'

const ROUND_EVERY_MS = 3_600_000
/** Of one call: short transactions, and no more names than a storage takes at a time. */
const PRUNE_COUNT_MAX = 200

interface Keeping {
  /** null: nothing is ever forgotten. */
  readonly retentionMs: number | null
  readonly clock: Clock
}

/** Answers what ends it, once a round that is under way has ended. */
export function keepRetention(
  storage: Pick<HistoryStorage, 'prune'>,
  { retentionMs, clock }: Keeping,
): () => Promise<void> {
  if (retentionMs === null) return async () => undefined
  const stopping = new AbortController()
  const { signal } = stopping
  const round = async (): Promise<void> => {
    const before = clock.now() - retentionMs
    let count = PRUNE_COUNT_MAX
    // Each call deletes what is before one time, so there is a last one.
    while (count === PRUNE_COUNT_MAX && !signal.aborted)
      count = await storage.prune({ before, countMax: PRUNE_COUNT_MAX })
  }
  const rounds = (async (): Promise<void> => {
    while (!signal.aborted) {
      // A storage that is away is told by readiness, and by the consumer that waits for it.
      await round().catch(() => undefined)
      await clock.sleep(ROUND_EVERY_MS, signal)
    }
  })()
  return async () => {
    stopping.abort()
    await rounds
  }
}
