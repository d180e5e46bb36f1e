// A program of before knows a decision by a row of its own. What a newer one has stored in one row it stores again when
// it reads it again, and counts it twice; then a decision that was missing looked as if it was there.
import { migratedDatabase } from '@ensemble/service/testing/database'
import type { HistoryMessage } from '@ensemble/core'
import { expect, test } from 'vitest'
import { sagaKeyOf } from '../documents.ts'
import { historyStorage } from '../history-store.ts'
import { history } from '../main.ts'
import { standOf } from '../standing.ts'
import { batchOf } from '../storage.ts'
import { asked, decision } from './support.ts'

test('what an older program has stored once more is counted once, and what is missing is taken', async () => {
  const migrated = await migratedDatabase('history', history.migrations ?? new URL('.', import.meta.url))
  const { database } = migrated
  const storage = historyStorage({ database, read: database })
  const told = (...numbers: readonly number[]): readonly HistoryMessage[] =>
    numbers.map((seq) => decision(seq, asked(`s${seq}`, 'order')))
  const record = (...numbers: readonly number[]): Promise<void> =>
    database.transaction((tx) => storage.record(tx, batchOf(told(...numbers))))
  const [{ saga }] = told(1) as [HistoryMessage]
  await record(1, 2, 3, 4, 5, 6)
  await database.query(
    `INSERT INTO tb_saga_decision (saga_key, seq, decided_at, entries) VALUES ($1::text, 5, now(), '[]'::jsonb)`,
    [sagaKeyOf(saga)],
  )
  await database.query(
    `UPDATE tb_saga SET summary = jsonb_set(summary, '{decisionCount}', '7'::jsonb), version = version + 1`,
  )
  await record(8)
  await record(7, 8)
  const stored = await storage.saga(saga)
  expect([...new Set(stored?.decisions.map(({ seq }) => seq))]).toEqual([8, 7, 6, 5, 4, 3, 2, 1])
  expect(stored?.summary).toMatchObject({ decisionCount: 8, seqMax: 8 })
  expect(stored === undefined ? null : standOf(stored.summary).complete).toBe(true)
  await migrated.end()
})
