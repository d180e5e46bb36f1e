// Owns: the idempotency store in memory, for tests and for services without a database. It forgets at restart.
// I1: it holds at most keysCountMax keys; the oldest goes first.
// I2: a claim older than CLAIM_MS_MAX is given to the next who asks.
import type { Begun, IdempotencyStore, StoredResponse } from './idempotency.ts'
import type { Clock } from './ports.ts'

const CLAIM_MS_MAX = 60_000
const KEYS_COUNT_MAX = 10_000

type Entry =
  | { readonly state: 'claimed'; readonly fingerprint: string; readonly at: number }
  | { readonly state: 'answered'; readonly fingerprint: string; readonly response: StoredResponse }

export function memoryIdempotencyStore(
  clock: Pick<Clock, 'now'>,
  keysCountMax = KEYS_COUNT_MAX,
): IdempotencyStore {
  const entries = new Map<string, Entry>()
  return {
    async begin(key, fingerprint) {
      const now = clock.now()
      const begun = beginOn(entries.get(key), fingerprint, now)
      if (begun.state !== 'new') return begun
      entries.delete(key)
      entries.set(key, { state: 'claimed', fingerprint, at: now })
      const oldest = entries.keys().next()
      if (entries.size > keysCountMax && oldest.done === false) entries.delete(oldest.value)
      return begun
    },
    async finish(key, response) {
      const entry = entries.get(key)
      if (entry?.state !== 'claimed') return
      entries.set(key, { state: 'answered', fingerprint: entry.fingerprint, response })
    },
    async abandon(key) {
      if (entries.get(key)?.state === 'claimed') entries.delete(key)
    },
  }
}

function beginOn(entry: Entry | undefined, fingerprint: string, now: number): Begun {
  if (entry === undefined) return { state: 'new' }
  if (entry.state === 'claimed' && now - entry.at >= CLAIM_MS_MAX) return { state: 'new' }
  if (entry.fingerprint !== fingerprint) return { state: 'mismatch' }
  return entry.state === 'answered' ? { state: 'done', response: entry.response } : { state: 'busy' }
}
