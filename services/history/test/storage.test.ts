// Scenes: the suite of storages, on facts in memory, and what two writers at one time do to each other.
import { describe, expect, test } from 'vitest'
import { manualClock } from '@ensemble/memory'
import { systemClock } from '@ensemble/runtime'
import { batchOf } from '../storage.ts'
import { sagaSubject, type Outline } from '../storages/facts.ts'
import { RECORD_MS_MAX, StorageError } from '../storages/failures.ts'
import { foldedStorage } from '../storages/folded.ts'
import { storageConformance } from './conformance.ts'
import { consumed } from './consumed.ts'
import { factScenes } from './fact-scenes.ts'
import { memoryFacts } from './memory-facts.ts'
import { asked, decision, placing, T0 } from './support.ts'

/** Nothing outside the service's database asks for its transaction. */
const NO_TRANSACTION = {} as never

describe('facts in memory', () => {
  storageConformance(async () => {
    const facts = memoryFacts()
    return {
      storage: foldedStorage(facts, systemClock),
      record: (storage, messages) =>
        consumed(messages, (some) => storage.record(NO_TRANSACTION, batchOf(some))),
      everything: async () => facts.everything(),
      end: () => facts.close(),
    }
  })
})

describe('a store of facts in memory', () => {
  factScenes(async () => memoryFacts())
})

test('given a writer that read before another wrote, when its outline comes last, then the newer stays', async () => {
  const facts = memoryFacts()
  const { promise: held, resolve: go } = Promise.withResolvers<void>()
  const put = async (outlines: readonly Outline[]): Promise<void> => {
    await held
    await facts.put(outlines)
  }
  const slow = foldedStorage({ ...facts, put }, systemClock)
  const quick = foldedStorage(facts, systemClock)
  const first = slow.record(NO_TRANSACTION, batchOf([decision(1, asked('a', 'order'))]))
  await expect.poll(() => facts.read([sagaSubject(placing)])).toHaveLength(1)
  await quick.record(NO_TRANSACTION, batchOf([decision(2, asked('b', 'order'))]))
  go()
  await first
  const { results } = await quick.sagas({ plan: null, standing: null, limit: 1, offset: 0 })
  expect(results).toMatchObject([{ seqMax: 2, decisionCount: 2 }])
})

test('given a batch that failed after its facts, when it comes again, then it is whole', async () => {
  const facts = memoryFacts()
  const put = () => Promise.reject(new StorageError('CONNECTION', 'away'))
  const batch = batchOf([decision(1, asked('a', 'order'))])
  const failing = foldedStorage({ ...facts, put }, systemClock).record(NO_TRANSACTION, batch)
  await expect(failing).rejects.toMatchObject({ code: 'CONNECTION' })
  const storage = foldedStorage(facts, systemClock)
  await storage.record(NO_TRANSACTION, batch)
  expect((await storage.sagas({ plan: null, standing: null, limit: 1, offset: 0 })).total).toBe(1)
})

test('given a storage that does not answer, when recorded, then it is a TIMEOUT: the batch comes smaller', async () => {
  const clock = manualClock(T0)
  const facts = { ...memoryFacts(), insert: () => new Promise<void>(() => undefined) }
  const recording = foldedStorage(facts, clock).record(NO_TRANSACTION, batchOf([decision(1)]))
  await Promise.all([
    expect(recording).rejects.toMatchObject({ code: 'TIMEOUT' }),
    clock.advance(RECORD_MS_MAX),
  ])
})
