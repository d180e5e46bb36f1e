// Owns: waiting for payments that are on their way to being prepared.
// I1: what this process stores is told after its COMMIT; what another stores is seen by looking.
// I2: however many wait, there is one look at a time.
import { gathered, type Clock, type Rows } from '@ensemble/runtime'

const LOOK_MS = 100
const LOOK_COUNT_MAX = 500
/** Payments that are known to be there because this process has stored them: those of some seconds under load. */
const STORED_COUNT_MAX = 10_000
/** Nobody reads it: a reason of its own for each wake-up would cost a stack trace. */
const TOLD = 'told'

export interface Arrivals {
  /** Whether there is a payment of this order, at the latest after `ms`. */
  within(orderId: string, ms: number): Promise<boolean>
  /** The same rows; whoever waits for one hears of it when it was inserted. */
  told<State>(rows: Rows<State>): Rows<State>
}

export interface ArrivalsOptions {
  /** Those of the ids of which there is a payment; as fresh as what is written. */
  readonly look: (orderIds: readonly string[]) => Promise<ReadonlySet<string>>
  readonly clock: Clock
}

export function arrivalsOf({ look, clock }: ArrivalsOptions): Arrivals {
  const waiting = new Map<string, Set<AbortController>>()
  const stored = new Set<string>()
  const isThere = gathered<string, boolean>(
    async (orderIds) => {
      const found = await look(orderIds)
      return orderIds.map((orderId) => found.has(orderId))
    },
    { countMax: LOOK_COUNT_MAX },
  )
  /** False when the time is over, or nobody told. */
  const heard = async (orderId: string, ms: number): Promise<boolean> => {
    const waiter = new AbortController()
    const waiters = waiting.get(orderId) ?? new Set()
    waiting.set(orderId, waiters.add(waiter))
    try {
      // Only then: what is stored after the look is told.
      if (await isThere(orderId)) return true
      await clock.sleep(ms, waiter.signal)
      return waiter.signal.aborted
    } finally {
      waiters.delete(waiter)
      if (waiters.size === 0) waiting.delete(orderId)
    }
  }
  return {
    within: async (orderId, ms) => {
      if (stored.has(orderId)) return true
      const end = clock.now() + ms
      for (let leftMs = ms; leftMs > 0; leftMs = end - clock.now())
        if (await heard(orderId, Math.min(leftMs, LOOK_MS))) return true
      return await isThere(orderId)
    },
    told: (rows) => ({
      ...rows,
      insert: async (tx, added) => {
        tx.onCommit(() => {
          for (const { key } of added) {
            stored.add(key)
            for (const waiter of waiting.get(key) ?? []) waiter.abort(TOLD)
          }
          for (const oldest of stored) {
            if (stored.size <= STORED_COUNT_MAX) break
            stored.delete(oldest)
          }
        })
        await rows.insert(tx, added)
      },
    }),
  }
}
