// The document of the whole system, put together from the services' own.
import { problem } from '@ensemble/http'
import { expect, test } from 'vitest'
import { mergedDocument, TAGS } from '../document.ts'
import { answer } from './support.ts'

const OWN = {
  openapi: '3.1.0',
  paths: { '/v1/order/{uuid}': { get: { summary: 'own' } }, '/v1/order': { post: { summary: 'own' } } },
  components: { schemas: { Problem: { title: 'own' } } },
}

const ORDER = {
  paths: {
    '/v1/order/{uuid}': { put: { summary: 'of order' }, patch: { summary: 'not passed on' } },
    '/v2/order/list': { get: { summary: 'of order' } },
    '/health/ready': { get: { summary: 'not passed on' } },
  },
  components: { schemas: { Problem: { title: 'of order' }, Order: { title: 'of order' } } },
}

test('has the calls that are handed over, and leaves out services that are away', async () => {
  const peers = {
    request: async (service: string) => {
      if (service === 'order') return answer(200, ORDER)
      throw problem(503, 'retry-later', 'away')
    },
  }
  expect(await mergedDocument(OWN, peers)).toEqual({
    openapi: '3.1.0',
    paths: {
      '/v1/order/{uuid}': { get: { summary: 'own' }, put: { summary: 'of order' } },
      '/v1/order': { post: { summary: 'own' } },
      '/v2/order/list': { get: { summary: 'of order' } },
    },
    components: { schemas: { Problem: { title: 'own' }, Order: { title: 'of order' } } },
    tags: TAGS,
  })
})
