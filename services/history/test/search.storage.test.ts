// Scenes: the suite of storages, on search engines, each by its own client.
import { systemClock } from '@ensemble/runtime'
import { describe } from 'vitest'
import { batchOf } from '../storage.ts'
import { elasticsearchEngine } from '../storages/elasticsearch.ts'
import { foldedStorage } from '../storages/folded.ts'
import { openSearchEngine } from '../storages/opensearch.ts'
import { searchFacts, type SearchEngine } from '../storages/search.ts'
import { storageConformance, type StorageWorld } from './conformance.ts'
import { consumed } from './consumed.ts'
import { factScenes } from './fact-scenes.ts'
import { freshName, isThere, placeOf } from './place.ts'

function worldOf(engine: SearchEngine): StorageWorld {
  const prefix = freshName()
  const facts = searchFacts(engine, prefix)
  const all = `/${prefix}-facts,${prefix}-outlines`
  return {
    storage: foldedStorage(facts, systemClock),
    record: (storage, messages) => consumed(messages, (some) => storage.record({} as never, batchOf(some))),
    everything: async () => {
      const { body } = await engine.request({
        method: 'GET',
        path: `${all}/_search`,
        query: { size: '1000' },
      })
      return JSON.stringify(body)
    },
    end: async () => {
      const query = { ignore_unavailable: 'true' }
      await engine.request({ method: 'DELETE', path: all, query })
      await facts.close()
    },
  }
}

describe.skipIf(!isThere('opensearch'))('opensearch', () => {
  storageConformance(async () => worldOf(openSearchEngine(placeOf('opensearch'))))
  factScenes(async () => searchFacts(openSearchEngine(placeOf('opensearch')), freshName()))
})

describe.skipIf(!isThere('elasticsearch'))('elasticsearch', () => {
  storageConformance(async () => worldOf(elasticsearchEngine(placeOf('elasticsearch'))))
  factScenes(async () => searchFacts(elasticsearchEngine(placeOf('elasticsearch')), freshName()))
})
