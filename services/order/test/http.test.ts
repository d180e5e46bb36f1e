// Scenes about the order service's routes: a request, what is executed, the answer.
import { rejected, succeeded } from '@ensemble/core'
import { FRESH_ID, hostAnswering, serverOf, type Asked } from '@ensemble/service/testing'
import { describe, expect, test } from 'vitest'
import { orderRoutes } from '../http.ts'

const ORDER_ID = '1b8a6c1e-2f55-4d0e-8a59-6d3d7a0b9c11'

const result = {
  uuid: ORDER_ID,
  order_number: '8/ord',
  uuid_user: '5f0c2a34-7a0e-4f0b-9a55-0d9f3a1c7e21',
  id_order_type: '545204885836038145',
  id_order_status: '545347536789143553',
  created_at: '2024-03-01T09:30:00.000Z',
  updated_at: '2024-03-01T09:30:00.000Z',
  deleted_at: null,
}
const row = { id_order: '9000000000000000001', ...result }

const reads = {
  get: async (uuid: string) => (uuid === ORDER_ID ? row : undefined),
  list: async (page: { limit: number; offset: number }) => ({
    total: 1,
    results: page.offset === 0 ? [row] : [],
  }),
}

interface Body {
  readonly paths: object
}

async function answer(
  request: { method: 'GET' | 'PUT'; url: string; body?: object },
  outcome: unknown = succeeded(result),
) {
  const asked: Asked[] = []
  const server = await serverOf(orderRoutes({ host: hostAnswering(outcome, asked), reads, orders: reads }))
  const response = await server.inject(request)
  return { status: response.statusCode, body: response.json<Body>(), asked }
}

describe('reads', () => {
  test('given an order, when read, then the row with its 64-bit ids as text', async () => {
    expect(await answer({ method: 'GET', url: `/v2/order/get/${ORDER_ID}` })).toMatchObject({
      status: 200,
      body: row,
    })
  })

  test('given none, when read, then 404', async () => {
    const read = await answer({ method: 'GET', url: `/v2/order/get/${FRESH_ID}` })
    expect(read).toMatchObject({ status: 404, body: { code: 'unknown-order' } })
  })

  test('given orders, when listed, then a page with its total', async () => {
    expect(await answer({ method: 'GET', url: '/v2/order/list?limit=5' })).toMatchObject({
      status: 200,
      body: { status: 200, meta: { limit: 5, page: 1, total: 1 }, results: [row] },
    })
  })

  test.each(['limit=0', 'limit=101', 'page=0', 'page=x'])(
    'given %s, when listed, then 422',
    async (query) => {
      expect(await answer({ method: 'GET', url: `/v2/order/list?${query}` })).toMatchObject({ status: 422 })
    },
  )
})

describe.each(['v1', 'v2'])('a new number under /%s', (version) => {
  const request = {
    method: 'PUT' as const,
    url: `/${version}/order/${ORDER_ID}`,
    body: { order_number: '8/ord' },
  }

  test('given an order, when put, then it is executed and the order answered', async () => {
    expect(await answer(request)).toEqual({
      status: 200,
      body: result,
      asked: [
        {
          request: 'order.update',
          input: { orderId: ORDER_ID, orderNumber: '8/ord' },
          operation: undefined,
        },
      ],
    })
  })

  test('given a field that nobody may change, when put, then 422 and nothing executed', async () => {
    const body = { order_number: '8/ord', id_order_status: '545347536856023041' }
    expect(await answer({ ...request, body })).toMatchObject({ status: 422, asked: [] })
  })

  test.each([
    [rejected('unknown_order', { uuid_order: ORDER_ID }), 404, 'unknown-order'],
    [rejected('order_closed', { uuid_order: ORDER_ID, status: 'Failed' }), 409, 'order-closed'],
    [rejected('duplicate_number', { order_number: '8/ord' }), 409, 'duplicate-number'],
  ])('given %j, when put, then %i %s', async (outcome, status, code) => {
    expect(await answer(request, outcome)).toMatchObject({ status, body: { code } })
  })
})

test('given the routes, when described, then the document names all of them', async () => {
  const document = await answer({ method: 'GET', url: '/openapi.json' })
  const paths = Object.keys(document.body.paths).filter((path) => path.includes('/order'))
  expect(paths.sort()).toEqual([
    '/v1/order/{uuid}',
    '/v2/order/get/{uuid}',
    '/v2/order/list',
    '/v2/order/{uuid}',
  ])
})
