// Owns: the answers of writes that start no saga, by idempotency key, in the gateway's own table for a day.
// Does not own: writes that start a saga: there the start row is the answer (starts.ts).
// I1: a key is claimed by one statement, so that of two twins one works and the other waits for its answer.
import type { Begun, IdempotencyStore, StoredResponse } from '@ensemble/http'
import { sqlFolder } from '@ensemble/postgres'
import type { Queryable } from '@ensemble/runtime'
import * as z from 'zod'

const sql = sqlFolder(new URL('./sql/', import.meta.url))

const CLAIM = sql('idempotency-claim')
const LOAD = sql('idempotency-load')
const FINISH = sql('idempotency-finish')
const ABANDON = sql('idempotency-abandon')
const PRUNE = sql('idempotency-prune')

/** As often as the statement's own bound, so that the table cannot grow past a day. */
const PRUNE_EVERY_COUNT = 500

const Stored: z.ZodType<StoredResponse> = z.object({
  status: z.int(),
  body: z.string(),
  headers: z.record(z.string(), z.string()),
})

export function idempotencyStore(database: Queryable): IdempotencyStore {
  let finished = 0
  return {
    begin: async (key, fingerprint): Promise<Begun> => {
      if ((await database.query(CLAIM, [key, fingerprint])).count > 0) return { state: 'new' }
      const [row] = (await database.query(LOAD, [key])).rows
      // Abandoned meanwhile: the next round claims it.
      if (row === undefined) return { state: 'busy' }
      if (row['fingerprint'] !== fingerprint) return { state: 'mismatch' }
      if (row['response'] === null) return { state: 'busy' }
      return { state: 'done', response: Stored.parse(row['response']) }
    },
    finish: async (key, response) => {
      await database.query(FINISH, [key, JSON.stringify(response)])
      finished += 1
      if (finished % PRUNE_EVERY_COUNT === 0) await database.query(PRUNE)
    },
    abandon: async (key) => {
      await database.query(ABANDON, [key])
    },
  }
}
