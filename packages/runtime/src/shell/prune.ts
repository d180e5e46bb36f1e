// Owns: forgetting. Answered operations and ended sagas go when they are older than the retention.
// I1: the horizon moves in a transaction of its own, an hour before the rows it covers are deleted.
import { tell } from '../diagnostics.ts'
import type { Database } from '../ports.ts'
import { HORIZON_LEAD_MS, type Settings } from './settings.ts'

const PRUNE_COUNT_MAX = 1_000

interface Pruning {
  readonly service: string
  readonly settings: Settings
  /** Ends it with the transaction that is under way. */
  readonly stopping: AbortSignal
}

/** Deletes all that is past its time, in short transactions; returns how many rows. */
export async function prune(database: Database, what: Pruning): Promise<number> {
  const { operationRetentionMs } = what.settings
  const { registry, operations, sagas, starts } = database.stores
  // One time for all: a pruning of hours must not overtake its horizon.
  const before = await database.transaction(async (tx) => {
    await registry.moveHorizon(tx, tx.now - operationRetentionMs + HORIZON_LEAD_MS)
    return tx.now - operationRetentionMs
  })
  let total = 0
  for (const store of [operations, sagas, starts]) {
    let count = PRUNE_COUNT_MAX
    // Each round deletes what is before one time, so there is a last one.
    while (count === PRUNE_COUNT_MAX && !what.stopping.aborted) {
      count = await database.transaction((tx) => store.prune(tx, { before, countMax: PRUNE_COUNT_MAX }))
      total += count
    }
  }
  tell('prune', { service: what.service, count: total })
  return total
}
