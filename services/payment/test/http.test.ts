// Scenes about the payment service's routes: a request, what is executed, the answer.
import { rejected, succeeded } from '@ensemble/core'
import { FRESH_ID, hostAnswering, ids, NOW, serverOf, testClock, type Asked } from '@ensemble/service/testing'
import { describe, expect, test } from 'vitest'
import { paymentRoutes, type PaymentHttp } from '../http.ts'
import { resultOf } from '../payment.ts'
import { ORDER_ID, paid, part, TRANSFER, USER_ID } from './support.ts'

const row = { id_payment: '9000000000000000002', ...resultOf(paid) }

const reads = {
  get: async (uuid: string) => (uuid === ORDER_ID ? row : undefined),
  list: async () => ({ total: 1, results: [row] }),
}

const arrivals = { within: async () => true }
const reconciliations = { last: async () => undefined }

interface Body {
  readonly uuid: string
  readonly event: { readonly data: { readonly payment_status: string } }
  readonly paths: object
}

async function answer(
  request: { method: 'GET' | 'PUT' | 'POST'; url: string; body?: object; headers?: Record<string, string> },
  scene: { outcome?: unknown; more?: Partial<PaymentHttp> } = {},
) {
  const asked: Asked[] = []
  const host = hostAnswering(scene.outcome ?? succeeded(resultOf(paid)), asked)
  const server = await serverOf(
    paymentRoutes({
      host,
      reads,
      payments: reads,
      arrivals,
      reconciliations,
      ids,
      clock: testClock(),
      ...scene.more,
    }),
  )
  const response = await server.inject(request)
  return { status: response.statusCode, body: response.json<Body>(), headers: response.headers, asked }
}

const body = { payment_total: 100_000, payment_status: 'Whatever', bank_account_number: '1234567890' }
const input = {
  orderId: ORDER_ID,
  amount: 100_000,
  bankAccountNumber: '1234567890',
  userId: null,
  paymentModelId: null,
}

describe('reads', () => {
  test('given a payment, when read, then the row; given none, 404', async () => {
    expect(await answer({ method: 'GET', url: `/v2/payment/get/${ORDER_ID}` })).toMatchObject({
      status: 200,
      body: row,
    })
    expect(await answer({ method: 'GET', url: `/v2/payment/get/${FRESH_ID}` })).toMatchObject({ status: 404 })
  })

  test.each(['v1', 'v2'])(
    'given payments, when listed under /%s, then a page with its total',
    async (version) => {
      expect(await answer({ method: 'GET', url: `/${version}/payment/list` })).toMatchObject({
        status: 200,
        body: { status: 200, meta: { limit: 20, page: 1, total: 1 }, results: [row] },
      })
    },
  )
})

describe.each(['v1', 'v2'])('paying under /%s', (version) => {
  const url = `/${version}/payment/${ORDER_ID}`

  test('given a payment, when put, then the envelope says what was decided', async () => {
    const created_at = new Date(NOW).toISOString()
    const { status, body: envelope, asked } = await answer({ method: 'PUT', url, body })
    expect({ status, envelope, asked }).toEqual({
      status: 200,
      envelope: {
        uuid: FRESH_ID,
        created_at,
        event: {
          __uuid: FRESH_ID,
          __action: 'payment_order',
          __offset: 0,
          data: {
            uuid_order: ORDER_ID,
            payment_total: '100000',
            payment_status: 'Paid',
            bank_account_number: '1234567890',
          },
          status: 'QUEUE',
          created_at,
        },
      },
      asked: [{ request: 'payment.pay', input, operation: `http/${FRESH_ID}` }],
    })
  })

  test('given a part, when put, then the envelope says Waiting whatever the caller wants', async () => {
    const paying = await answer({ method: 'PUT', url, body }, { outcome: succeeded(resultOf(part)) })
    expect(paying.body.event.data.payment_status).toBe('Waiting')
  })

  test('given a key, when put twice, then the same envelope id and the same operation', async () => {
    const headers = { 'idempotency-key': 'k1' }
    const first = await answer({ method: 'PUT', url, body, headers })
    const second = await answer({ method: 'PUT', url, body, headers })
    expect(second.asked).toEqual(first.asked)
    expect(second.body.uuid).toBe(first.body.uuid)
    expect(first.asked[0]?.operation).toBe(`http/${first.body.uuid}`)
  })

  test.each([
    [rejected('unknown_order', { uuid_order: ORDER_ID }), 404, 'unknown-order'],
    [rejected('settled', { uuid_order: ORDER_ID }), 409, 'payment-settled'],
    [
      rejected('expired', { uuid_order: ORDER_ID, due_date: '2024-03-02T09:30:00.000Z' }),
      409,
      'payment-expired',
    ],
    [rejected('cancelled', { uuid_order: ORDER_ID }), 409, 'payment-cancelled'],
    [rejected('mismatch', { uuid_order: ORDER_ID, field: 'uuid_user' }), 409, 'payment-mismatch'],
  ])('given %j, when put, then %i %s', async (outcome, status, code) => {
    expect(await answer({ method: 'PUT', url, body }, { outcome })).toMatchObject({ status, body: { code } })
  })

  test('given a payment that names its order, when posted, then owner and model are compared', async () => {
    const naming = { ...body, uuid_order: ORDER_ID, uuid_user: USER_ID, id_payment_model: TRANSFER }
    const paying = await answer({ method: 'POST', url: `/${version}/payment`, body: naming })
    expect(paying).toMatchObject({
      status: 200,
      body: { event: { __action: 'payment_save' } },
      asked: [{ request: 'payment.pay', input: { ...input, userId: USER_ID, paymentModelId: TRANSFER } }],
    })
  })

  test('given no amount, when put, then 422 and nothing executed', async () => {
    expect(await answer({ method: 'PUT', url, body: { payment_status: 'Paid' } })).toMatchObject({
      status: 422,
      asked: [],
    })
  })
})

test('given nobody has looked for late payments, when asked for the last look, then 404', async () => {
  expect(await answer({ method: 'GET', url: '/v2/payment/reconciliation' })).toMatchObject({
    status: 404,
    body: { code: 'not-reconciled' },
  })
})

describe('an order whose payment is not prepared yet', () => {
  test.each([
    [{}, 0],
    [{ prefer: 'wait=2' }, 2_000],
    [{ prefer: 'wait=600' }, 30_000],
  ])(
    'given %j, when paid, then it is waited for that long, 404, and nothing executed',
    async (headers, ms) => {
      const waits: [string, number][] = []
      const within = async (orderId: string, waitMs: number): Promise<boolean> => {
        waits.push([orderId, waitMs])
        return false
      }
      const request = { method: 'PUT' as const, url: `/v2/payment/${ORDER_ID}`, body, headers }
      const paying = await answer(request, { more: { arrivals: { within } } })
      expect(paying).toMatchObject({ status: 404, body: { code: 'unknown-order' }, asked: [] })
      expect(waits).toEqual([[ORDER_ID, ms]])
    },
  )
})

test('given the routes, when described, then the document names all of them', async () => {
  const document = await answer({ method: 'GET', url: '/openapi.json' })
  const paths = Object.keys(document.body.paths).filter((path) => path.includes('/payment'))
  expect(paths.sort()).toEqual([
    '/v1/payment',
    '/v1/payment/list',
    '/v1/payment/{uuid}',
    '/v2/payment',
    '/v2/payment/get/{uuid}',
    '/v2/payment/list',
    '/v2/payment/reconciliation',
    '/v2/payment/{uuid}',
  ])
})
