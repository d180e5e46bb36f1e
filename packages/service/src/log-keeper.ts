// Owns: keeping the bus's log small: what everybody has read is deleted, and what grows in spite of that is
// told.
// I1: what a registered group has not read stays, however large the log is; new sagas are refused instead.
// I2: a failure here never stops a service; the next round tries again.
import type { LogAdmin } from '@ensemble/postgres'
import type { Clock } from '@ensemble/runtime'
import type { Say } from './logger.ts'

/** Some gigabytes on disk: a group has been away for long. */
const MESSAGES_COUNT_MAX = 2_000_000
const ROUND_EVERY_MS = 5_000
/** Entries of one statement: short locks. */
const PRUNE_COUNT_MAX = 5_000
const PRUNES_OF_ROUND_MAX = 50
/** Nobody reads it: kept for a while for somebody who looks. */
const UNREAD_MS_MAX = 3_600_000

/** Of a bus's log, what keeping it needs. */
export type KeptLog = Pick<LogAdmin, 'prune' | 'size'>

export interface LogKeeper {
  /** Whether new work must wait until readers catch up. */
  isFull(): boolean
  stop(): Promise<void>
}

export function keepLog(
  admin: KeptLog,
  { clock, say }: { readonly clock: Clock; readonly say: Say },
): LogKeeper {
  const stopping = new AbortController()
  const { signal } = stopping
  let isFull = false
  const prune = async (): Promise<void> => {
    const unreadBefore = clock.now() - UNREAD_MS_MAX
    for (let round = 0; round < PRUNES_OF_ROUND_MAX && !signal.aborted; round += 1) {
      const count = await admin.prune({ countMax: PRUNE_COUNT_MAX, unreadBefore })
      if (count < PRUNE_COUNT_MAX) return
    }
  }
  const round = async (): Promise<void> => {
    try {
      await prune()
      const count = await admin.size()
      const wasFull = isFull
      isFull = count > MESSAGES_COUNT_MAX
      if (isFull && !wasFull)
        say(`the bus keeps ${count} unread messages: new sagas are refused until readers catch up`)
    } catch {
      // The services notice a database that is away themselves, and say so.
    }
  }
  const rounds = (async (): Promise<void> => {
    while (!signal.aborted) {
      await round()
      await clock.sleep(ROUND_EVERY_MS, signal)
    }
  })()
  return {
    isFull: () => isFull,
    stop: async () => {
      stopping.abort()
      await rounds
    },
  }
}
