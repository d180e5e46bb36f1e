// Scenes: the suite of storages, on a server that speaks MongoDB's protocol.
import { systemClock } from '@ensemble/runtime'
import { MongoClient } from 'mongodb'
import { describe } from 'vitest'
import { batchOf } from '../storage.ts'
import { foldedStorage } from '../storages/folded.ts'
import { mongoFacts } from '../storages/mongo.ts'
import { storageConformance } from './conformance.ts'
import { consumed } from './consumed.ts'
import { factScenes } from './fact-scenes.ts'
import { freshName, isThere, placeOf } from './place.ts'

describe.skipIf(!isThere('mongo'))('mongo', () => {
  storageConformance(async () => {
    const place = { ...placeOf('mongo'), database: freshName() }
    const facts = mongoFacts(place)
    const client = new MongoClient(place.url)
    const db = client.db(place.database)
    return {
      storage: foldedStorage(facts, systemClock),
      record: (storage, messages) => consumed(messages, (some) => storage.record({} as never, batchOf(some))),
      everything: async () => {
        const names = (await db.listCollections().toArray()).map(({ name }) => name)
        return JSON.stringify(await Promise.all(names.map((name) => db.collection(name).find().toArray())))
      },
      end: async () => {
        await db.dropDatabase()
        await client.close()
        await facts.close()
      },
    }
  })
  factScenes(async () => mongoFacts({ ...placeOf('mongo'), database: freshName() }))
})
