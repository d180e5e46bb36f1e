// A saga's timeline said `complete` and lacked its last entries: what it says of itself and its decisions were read at
// the same time, each as it was then, and the decisions were read before they were stored.
import type { Queryable, Result } from '@ensemble/runtime'
import { historyStorage } from '../history-store.ts'
import { expect, test } from 'vitest'

test('the decisions of a saga are read after what is said of them', async () => {
  const told: string[] = []
  const read: Queryable = {
    query: async (statement): Promise<Result> => {
      const name = typeof statement === 'string' ? statement : statement.name
      told.push(`${name} asked`)
      await Promise.resolve()
      told.push(`${name} answered`)
      return { rows: [], count: 0 }
    },
  }
  const unused = () => Promise.reject(new Error('nothing is written here'))
  const storage = historyStorage({ database: { transaction: unused } as never, read })
  await storage.saga({ plan: 'order.place', id: '1' })
  expect(told.slice(0, 2).map((one) => one.replace(/_\w+/, ''))).toEqual([
    'saga-get asked',
    'saga-get answered',
  ])
})
