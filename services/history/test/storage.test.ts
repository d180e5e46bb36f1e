// Scenes: the suite of storages, on facts in memory, and what two writers at one time do to each other.
import { describe, expect, test } from 'vitest'
import { systemClock } from '@ensemble/runtime'
import { batchOf } from '../storage.ts'
import { foldedStorage } from '../storages/folded.ts'
import { storageConformance } from './conformance.ts'
import { memoryFacts } from './memory-facts.ts'
import { asked, decision } from './support.ts'

/** Nothing outside the service's database asks for its transaction. */
const NO_TRANSACTION = {} as never

describe('facts in memory', () => {
  storageConformance(async () => {
    const facts = memoryFacts()
    return {
      storage: foldedStorage(facts, systemClock),
      record: (storage, messages) => storage.record(NO_TRANSACTION, batchOf(messages)),
      everything: async () => facts.everything(),
      end: () => facts.close(),
    }
  })
})

test('given a writer that read before another wrote, when it puts its head last, then the newer head stays', async () => {
  const facts = memoryFacts()
  let hold: Promise<void> | undefined
  const slow = foldedStorage(
    { ...facts, put: async (heads) => (await hold, await facts.put(heads)) },
    systemClock,
  )
  const quick = foldedStorage(facts, systemClock)
  const { promise, resolve } = Promise.withResolvers<void>()
  hold = promise
  const first = slow.record(NO_TRANSACTION, batchOf([decision(1, asked('a', 'order'))]))
  await expect
    .poll(async () => (await facts.read([`saga/order.place/${decision(1).saga.id}`])).length)
    .toBe(1)
  await quick.record(NO_TRANSACTION, batchOf([decision(2, asked('b', 'order'))]))
  resolve()
  await first
  const { results } = await quick.sagas({ plan: null, standing: null, limit: 1, offset: 0 })
  expect(results).toMatchObject([{ seqMax: 2, decisionCount: 2 }])
})
