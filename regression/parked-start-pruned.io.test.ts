// A saga whose cancel came before its start, and whose plan then threw at the start, is parked without a state.
// Pruning deleted its row like that of a cancel whose start never came. Found by the comparison of the simulator's
// database with PostgreSQL.
import { fileURLToPath } from 'node:url'
import { ENGINE_MIGRATIONS, engineDatabase, migrate, openDatabase } from '@ensemble/postgres'
import { freshDatabase } from '@ensemble/postgres/testing'
import { expect, test } from 'vitest'

test('given a saga that is parked at its start, pruning leaves it', async () => {
  const { url, drop } = await freshDatabase('parked start')
  await migrate(url, { schema: 'shop', directory: fileURLToPath(ENGINE_MIGRATIONS), direction: 'up' })
  const database = engineDatabase(await openDatabase({ name: 'shop', url, schema: 'shop' }))
  const { sagas } = database.stores
  const row = { plan: 'order.place', state: null, wish: { reason: 'too slow', by: 'customer' }, version: 0 }
  try {
    await database.transaction((tx) =>
      sagas.insert(tx, [
        { ...row, id: 'parked', parked: 'PLAN_THROWS' },
        { ...row, id: 'never started', parked: null },
      ]),
    )
    const pruned = await database.transaction((tx) =>
      sagas.prune(tx, { before: tx.now + 60_000, countMax: 10 }),
    )
    const left = await database.transaction((tx) =>
      sagas.load(
        tx,
        ['parked', 'never started'].map((id) => ({ plan: row.plan, id })),
      ),
    )
    expect({ pruned, left: left.map(({ id }) => id) }).toEqual({ pruned: 1, left: ['parked'] })
  } finally {
    await database.close()
    await drop()
  }
})
