// Scenes: what a search engine's answers mean for the consumer: wait and ask again, or put the message away.
import { describe, expect, test } from 'vitest'
import { searchFacts, type SearchEngine } from '../storages/search.ts'
import { T0 } from './support.ts'

const FACT = { key: 'k', subject: 's', at: T0, text: '{}' }

/** Makes indices, and answers a bulk as the scene says. */
function engineSaying(status: number, body: unknown): SearchEngine {
  return {
    name: 'Search',
    request: async ({ path }) => (path === '/_bulk' ? { status, body } : { status: 200, body: {} }),
    close: async () => undefined,
  }
}

function items(action: string, status: number): object {
  return {
    errors: true,
    items: [{ create: { status: 201 } }, { [action]: { status, error: { type: 'why' } } }],
  }
}

describe('a bulk that is answered', () => {
  test.each([
    ['that it is too large', 413, {}, 'REFUSED'],
    ['that a fact cannot be read', 200, items('create', 400), 'REFUSED'],
    ['with a wrong password', 401, { error: 'security_exception' }, 'CONNECTION'],
    ['that the disk is full', 403, { error: 'cluster_block_exception' }, 'CONNECTION'],
    ['that there is too much to do', 200, items('create', 429), 'CONNECTION'],
    ['that an outline changed too often meanwhile', 200, items('update', 409), 'CONNECTION'],
    ['with nothing that is known', 500, 'oops', 'CONNECTION'],
  ])('%s', async (_what, status, body, code) => {
    const store = searchFacts(engineSaying(status, body), 'p')
    await expect(store.insert([FACT])).rejects.toMatchObject({ name: 'StorageError', code })
  })

  test('that the fact is there already is well', async () => {
    const store = searchFacts(engineSaying(200, items('create', 409)), 'p')
    await expect(store.insert([FACT])).resolves.toBeUndefined()
  })
})

test('given an index that cannot be made, when asked, then it is tried again the next time', async () => {
  let tries = 0
  const request: SearchEngine['request'] = async ({ method }) => {
    if (method !== 'PUT') return { status: 200, body: {} }
    tries += 1
    const isRefused = tries === 1
    const type = isRefused ? 'security_exception' : 'resource_already_exists_exception'
    return { status: isRefused ? 403 : 400, body: { error: { type } } }
  }
  const store = searchFacts({ name: 'Search', request, close: async () => undefined }, 'p')
  await expect(store.ping()).rejects.toMatchObject({ code: 'CONNECTION' })
  await expect(store.ping()).resolves.toEqual({})
  expect(tries).toBe(3)
})
