// A cancel that had come before its saga was old enough to be pruned, and the saga was started just then: pruning
// waited for the row, looked at its age only, and deleted the running saga.
import { fileURLToPath } from 'node:url'
import { begin, command, participant, saga, type SagaState } from '@ensemble/core'
import { engineDatabase, ENGINE_MIGRATIONS, migrate, openDatabase, type Database } from '@ensemble/postgres'
import { freshDatabase } from '@ensemble/postgres/testing'
import type { SagaRow } from '@ensemble/runtime'
import { expect, test } from 'vitest'
import { z } from 'zod'

const DAY_MS = 86_400_000
const Key = z.object({ key: z.string() })
const { finish } = participant('shop', { finish: command({ input: Key, event: 'finished' }) })
const plan = saga('sale', { version: 1, input: Key })
  .retriable('finish', { run: finish(({ input }) => ({ key: input.key })) })
  .end()

function stateAt(now: number): SagaState {
  const named = { plan: 'sale', id: 'x', pattern: 'orchestration' } as const
  const decision = begin(plan, { saga: named, input: { key: 'x' }, now, wish: null })
  if (decision.type !== 'decided') throw new Error('it does not begin')
  return decision.state
}

test('given an old early cancel, when its saga starts while it is pruned, then the saga stays', async () => {
  const place = await freshDatabase('pruned-as-it-starts')
  await migrate(place.url, { schema: 'shop', directory: fileURLToPath(ENGINE_MIGRATIONS), direction: 'up' })
  const database = engineDatabase(await openDatabase({ name: 'shop', url: place.url, schema: 'shop' }))
  try {
    const { sagas } = database.stores
    const early: SagaRow = {
      plan: 'sale',
      id: 'x',
      state: null,
      wish: { reason: 'no', by: 'customer' },
      parked: null,
      version: 0,
    }
    await database.transaction((tx) => sagas.insert(tx, [early]))
    await database.query("update ensemble_saga set changed_at = now() - interval '40 days'")
    const begun = Promise.withResolvers<void>()
    const pruning = Promise.withResolvers<void>()
    const starts = database.transaction(async (tx) => {
      const [row] = await sagas.load(tx, [early])
      if (row === undefined) throw new Error('it is not there')
      await sagas.update(tx, [{ ...row, state: stateAt(tx.now), wish: null }])
      begun.resolve()
      await pruning.promise
    })
    await begun.promise
    const prunes = database.transaction((tx) => {
      const pruned = sagas.prune(tx, { before: tx.now - 30 * DAY_MS, countMax: 10 })
      void waits(database).then(() => pruning.resolve())
      return pruned
    })
    await starts
    expect(await prunes).toBe(0)
    const rows = await database.transaction((tx) => sagas.load(tx, [early]))
    expect(rows[0]?.state?.phase.at).toBe('running')
  } finally {
    await database.close()
    await place.drop()
  }
})

/** Until somebody waits for a lock. */
async function waits(database: Pick<Database, 'query'>): Promise<void> {
  for (let look = 0; look < 2_000; look += 1) {
    const { rows } = await database.query('select count(*)::int4 as waiting from pg_locks where not granted')
    if (Number(rows[0]?.['waiting']) > 0) return
  }
  throw new Error('nobody waits')
}
