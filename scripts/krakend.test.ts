// A KrakenD configuration made of an OpenAPI document.
import { expect, test } from 'vitest'
import { askedBy, krakendOf } from './krakend.ts'

const answers = (type: string) => ({ responses: { '200': { content: { [type]: {} } } } })
const DOCUMENT = {
  info: { title: 'Gateway' },
  paths: {
    '/v1/order/{uuid}': { get: answers('application/json'), put: answers('application/json') },
    '/v1/saga/{plan}/{id}/events': { get: answers('text/event-stream') },
  },
}
const OPTIONS = { backend: 'http://gateway:8080', origins: [] }

test('every call but a stream is an endpoint that changes nothing', () => {
  const { endpoints, ...rest } = krakendOf(DOCUMENT, OPTIONS)
  expect(endpoints.map(({ method, endpoint }) => `${method} ${endpoint}`)).toEqual([
    'GET /v1/order/{uuid}',
    'PUT /v1/order/{uuid}',
  ])
  expect(endpoints[1]).toMatchObject({
    output_encoding: 'no-op',
    input_query_strings: ['*'],
    backend: [
      { host: ['http://gateway:8080'], url_pattern: '/v1/order/{uuid}', method: 'PUT', encoding: 'no-op' },
    ],
  })
  expect(endpoints[1]?.input_headers).toEqual(expect.arrayContaining(['Authorization', 'Idempotency-Key']))
  expect(rest).toMatchObject({ version: 3, name: 'Gateway', cache_ttl: '0s' })
  expect(rest).not.toHaveProperty('extra_config')
})

test('pages may call when their origins are given', () => {
  const { extra_config } = krakendOf(DOCUMENT, { ...OPTIONS, origins: ['https://shop.example'] })
  expect(extra_config?.['security/cors']).toMatchObject({
    allow_origins: ['https://shop.example'],
    allow_methods: expect.arrayContaining(['PUT', 'DELETE']) as string[],
  })
})

test('what is no document is refused', () => {
  expect(() => krakendOf({ openapi: '3.1.0' }, OPTIONS)).toThrow('paths')
})

test('arguments name the gateway, and where KrakenD finds it', () => {
  const url = 'http://127.0.0.1:8080'
  expect(askedBy([url])).toEqual({ url, backend: url, origins: [] })
  const more = ['--backend', 'http://gateway:8080/', '--origins', 'https://a.example,https://b.example']
  expect(askedBy([url, ...more])).toEqual({
    url,
    backend: 'http://gateway:8080',
    origins: ['https://a.example', 'https://b.example'],
  })
  for (const wrong of [[], ['gateway'], [url, '--port', '1'], [`${url}/v1`]])
    expect(askedBy(wrong)).toBeUndefined()
})
