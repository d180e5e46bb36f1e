// The gateway's own decisions: what it starts, waits for, refuses and hands over.
import { EnsembleError } from '@ensemble/runtime'
import { FRESH_ID, NOW } from '@ensemble/service/testing'
import { ORDER_STATUS } from '@ensemble/service-contracts'
import { describe, expect, test } from 'vitest'
import { answer, ORDER_ID, sceneOf } from './support.ts'

const USER_ID = '89137028-0be0-466b-b97f-1b104ab8e092'
const ORDER = {
  order_number: '001/ord/sku/IV/2020',
  uuid_user: USER_ID,
  id_order_type: '545204885836038145',
  id_payment_model: '545204998214516737',
}
const ROW = {
  id_order: '1',
  uuid: ORDER_ID,
  order_number: '1',
  uuid_user: USER_ID,
  id_order_type: ORDER.id_order_type,
  id_order_status: ORDER_STATUS.Process,
  created_at: '2024-03-01T09:30:00.000Z',
  updated_at: '2024-03-01T09:30:00.000Z',
  deleted_at: null,
}
const PAY = { payment_total: 100 }
const PROBLEM = 'application/problem+json; charset=utf-8'
const PLACED = `order.place/${ORDER_ID}`

describe('starting an order', () => {
  test('answers the queued envelope once the start is stored', async () => {
    const { server, asked } = await sceneOf()
    const { statusCode, body } = await server.inject({ method: 'POST', url: '/v1/order', payload: ORDER })
    const created_at = '2024-03-01T09:30:00.000Z'
    expect([statusCode, JSON.parse(body)]).toEqual([
      200,
      {
        uuid: FRESH_ID,
        created_at,
        event: {
          __uuid: FRESH_ID,
          __action: 'order_save',
          __offset: 0,
          data: ORDER,
          status: 'QUEUE',
          created_at,
        },
      },
    ])
    expect(asked).toEqual([`start order.place ${FRESH_ID} orchestration`])
  })

  test('waits for the registration of its user, and takes the pattern that the caller names', async () => {
    const { server, asked } = await sceneOf({ sagas: { [`user.register/${USER_ID}`]: 'running' } })
    const headers = { 'saga-pattern': 'choreography' }
    await server.inject({ method: 'POST', url: '/v2/order', payload: ORDER, headers })
    expect(asked).toEqual(['await user.register 2s', `start order.place ${FRESH_ID} choreography`])
  })

  test('under one key has one id, and the time of the first start', async () => {
    const id = await (async () => {
      const { server, asked } = await sceneOf()
      await server.inject({
        method: 'POST',
        url: '/v1/order',
        payload: ORDER,
        headers: { 'idempotency-key': 'k1' },
      })
      return asked[0]?.split(' ')[2] ?? ''
    })()
    const { server } = await sceneOf({
      host: {
        start: async () => ({
          saga: { plan: 'order.place', id, pattern: 'orchestration' },
          isNew: false,
          startedAt: NOW - 1_000,
        }),
      },
    })
    const headers = { 'idempotency-key': 'k1' }
    const again = await server.inject({ method: 'POST', url: '/v2/order', payload: ORDER, headers })
    expect(again.headers['idempotency-replayed']).toBe('true')
    expect(again.json()).toMatchObject({ uuid: id, created_at: new Date(NOW - 1_000).toISOString() })
  })

  test('under a key that started something else is refused', async () => {
    const start = async (): Promise<never> => {
      throw new EnsembleError('SAGA_STARTED_DIFFERENTLY', 'other content')
    }
    const { server } = await sceneOf({ host: { start } })
    const headers = { 'idempotency-key': 'k1' }
    const refused = await server.inject({ method: 'POST', url: '/v1/order', payload: ORDER, headers })
    expect(refused.json()).toMatchObject({ status: 422, code: 'idempotency-key-reused' })
  })

  test('whose start another instance stored at the same instant finds that start', async () => {
    let tries = 0
    const start = async () => {
      tries += 1
      if (tries === 1) throw Object.assign(new Error('twice'), { code: 'UNIQUE' })
      const saga = { plan: 'order.place', id: FRESH_ID, pattern: 'orchestration' as const }
      return { saga, isNew: false, startedAt: NOW }
    }
    const { server } = await sceneOf({ host: { start } })
    const { statusCode } = await server.inject({ method: 'POST', url: '/v1/order', payload: ORDER })
    expect([statusCode, tries]).toEqual([200, 2])
  })

  test('is refused for a while when the backlog is over its bound', async () => {
    const { server, asked } = await sceneOf({ isBusFull: true })
    const refused = await server.inject({ method: 'POST', url: '/v1/order', payload: ORDER })
    expect([refused.statusCode, refused.headers['retry-after'], asked]).toEqual([503, '10', []])
  })
})

describe('reading a document', () => {
  const unknown = answer(404, { code: 'unknown-document', detail: 'no' })

  test('that is not there yet is 202 with the saga', async () => {
    const { server } = await sceneOf({ sagas: { [PLACED]: 'running' }, peer: () => unknown })
    const { statusCode, body } = await server.inject(`/v1/order/${ORDER_ID}`)
    const saga = {
      plan: 'order.place',
      id: ORDER_ID,
      pattern: 'orchestration',
      status: 'running',
      data: null,
    }
    expect([statusCode, JSON.parse(body)]).toEqual([202, { uuid: ORDER_ID, status: 'QUEUE', saga }])
  })

  test('of something that was never started is 404', async () => {
    const { server, asked } = await sceneOf({ peer: () => unknown })
    const refused = await server.inject(`/v1/payment/get/${ORDER_ID}`)
    expect(refused.json()).toMatchObject({ status: 404, code: 'unknown-payment' })
    expect(asked).toEqual([`history: GET /v1/logger/payment/${ORDER_ID}`])
  })
})

describe('paying', () => {
  const url = `/v1/payment/${ORDER_ID}`
  const missing = answer(404, { code: 'unknown-order', detail: 'There is no payment.' })

  test('lets the payment service wait for a payment that is on its way, a second at a time', async () => {
    const peer = (_: string, __: unknown, count: number) =>
      count < 3 ? missing : answer(200, { paid: true })
    const scene = await sceneOf({ sagas: { [PLACED]: 'running' }, peer })
    const { server, asked } = scene
    const paid = await server.inject({ method: 'PUT', url, payload: PAY })
    expect([paid.statusCode, paid.json(), asked.length]).toEqual([200, { paid: true }, 3])
    expect(scene.headers()['prefer']).toBe('wait=1')
  })

  test('lets nobody wait for what does not run', async () => {
    const scene = await sceneOf({ peer: () => missing })
    await scene.server.inject({ method: 'PUT', url, payload: PAY, headers: { prefer: 'wait=9' } })
    expect(scene.headers()['prefer']).toBe('wait=0')
  })

  test('with Prefer: wait answers when the saga has ended, and how', async () => {
    const { server, asked } = await sceneOf({
      sagas: { [PLACED]: 'running' },
      peer: () => answer(200, { paid: true }),
    })
    const paid = await server.inject({ method: 'PUT', url, payload: PAY, headers: { prefer: 'wait=9' } })
    expect(paid.json()).toEqual({
      paid: true,
      saga: { plan: 'order.place', id: ORDER_ID, pattern: 'orchestration', status: 'running', data: null },
    })
    expect(paid.headers['preference-applied']).toBe('wait=9')
    expect(asked.at(-1)).toBe('await order.place 9000ms')
  })

  test('with Prefer: wait a refused payment is refused at once', async () => {
    const refusal = answer(409, { code: 'payment-settled', detail: 'Paid already.' })
    const { server, asked } = await sceneOf({ sagas: { [PLACED]: 'running' }, peer: () => refusal })
    const paid = await server.inject({ method: 'PUT', url, payload: PAY, headers: { prefer: 'wait=9' } })
    expect([paid.statusCode, asked.length]).toEqual([409, 1])
  })

  test('gives up after two seconds with 409 and says when to come back', async () => {
    const { server } = await sceneOf({ sagas: { [PLACED]: 'running' }, peer: () => missing })
    const refused = await server.inject({ method: 'PUT', url, payload: PAY })
    expect(refused.json()).toMatchObject({ status: 409, code: 'payment-not-ready' })
    expect(refused.headers['retry-after']).toBe('1')
  })

  test.each([
    [{}, 404, 'unknown-order'],
    [{ [PLACED]: 'compensated' as const }, 409, 'order-failed'],
  ])('with sagas %j and no payment is %i %s', async (sagas, status, code) => {
    const { server } = await sceneOf({ sagas, peer: () => missing })
    const body = { uuid_order: ORDER_ID, ...PAY }
    for (const call of [
      { method: 'PUT' as const, url, payload: PAY },
      { method: 'POST' as const, url: '/v2/payment', payload: body },
    ]) {
      expect((await server.inject(call)).json()).toMatchObject({ status, code })
    }
  })
})

describe('cancelling an order', () => {
  const url = `/v1/order/${ORDER_ID}`

  test('that runs wishes it to be undone and answers queued; the same key answers the same again', async () => {
    const { server, asked } = await sceneOf({ sagas: { [PLACED]: 'running' }, peer: () => answer(200, ROW) })
    const call = { method: 'DELETE' as const, url, headers: { 'idempotency-key': 'k' } }
    const first = await server.inject(call)
    const again = await server.inject(call)
    expect(first.json()).toMatchObject({
      event: { __action: 'order_delete', data: { uuid_order: ORDER_ID } },
    })
    expect([again.body, again.headers['idempotency-replayed']]).toEqual([first.body, 'true'])
    expect(asked).toEqual([
      `order: GET /v2/order/get/${ORDER_ID}`,
      `cancel order.place ${ORDER_ID}: cancelled by the customer (customer)`,
    ])
  })

  test('that is complete a moment before its saga has ended is refused', async () => {
    const row = { ...ROW, id_order_status: ORDER_STATUS.Complete }
    const { server } = await sceneOf({ sagas: { [PLACED]: 'running' }, peer: () => answer(200, row) })
    expect((await server.inject({ method: 'DELETE', url })).json()).toMatchObject({
      status: 409,
      code: 'order-closed',
      order_status: 'Complete',
    })
  })

  test.each([
    [{}, 404, 'unknown-order'],
    [{ [PLACED]: 'completed' as const }, 409, 'order-closed'],
    [{ [PLACED]: 'compensated' as const }, 409, 'order-closed'],
  ])('with sagas %j is %i %s', async (sagas, status, code) => {
    const { server } = await sceneOf({ sagas })
    expect((await server.inject({ method: 'DELETE', url })).json()).toMatchObject({ status, code })
  })
})

describe('handing over', () => {
  test("gives the service's problem and headers as they are, and passes the caller's on", async () => {
    const problem = {
      type: 'urn:x',
      title: 'X',
      status: 409,
      detail: 'd',
      instance: '/i',
      code: 'duplicate-number',
    }
    const peer = () =>
      answer(409, problem, { 'content-type': 'application/problem+json', 'retry-after': '7', date: 'x' })
    const scene = await sceneOf({ peer })
    const { server, asked } = scene
    const call = { method: 'PUT' as const, url: `/v2/order/${ORDER_ID}?a=b`, payload: { order_number: '2' } }
    const refused = await server.inject({
      ...call,
      headers: { authorization: 'Bearer t', cookie: 'c', 'x-request-id': 'r1' },
    })
    expect([refused.statusCode, refused.json()]).toEqual([409, problem])
    expect(refused.headers).toMatchObject({ 'content-type': PROBLEM, 'retry-after': '7' })
    expect(asked).toEqual([`order: PUT /v2/order/${ORDER_ID}?a=b`])
    expect(scene.headers()).toMatchObject({ authorization: 'Bearer t', 'x-request-id': 'r1' })
    expect(scene.headers()).not.toHaveProperty('cookie')
  })

  test.each(['/v1/login', '/v1/login/session'])(
    'keeps nothing of a body with a password: %s asks the service each time, with the key',
    async (url) => {
      const scene = await sceneOf({ peer: (_, __, count) => answer(200, { count }) })
      const { server, asked, begun } = scene
      const headers = { 'idempotency-key': 'k' }
      const answers = await Promise.all(
        ['a', 'b'].map((password) => server.inject({ method: 'POST', url, payload: { password }, headers })),
      )
      expect(answers.map(({ body }) => body)).toEqual(['{"count":1}', '{"count":2}'])
      expect(asked).toEqual([`user: POST ${url}`, `user: POST ${url}`])
      expect(scene.headers()).toMatchObject(headers)
      expect(begun).toEqual([])
    },
  )

  test('gives a page as it is', async () => {
    const peer = () => ({ status: 200, headers: { 'content-type': 'text/html' }, body: '<p>sent</p>' })
    const { server } = await sceneOf({ peer })
    const page = await server.inject('/notification/outbox')
    expect([page.headers['content-type'], page.body]).toEqual(['text/html', '<p>sent</p>'])
  })

  test.each([
    ['saga-pattern', 'both'],
    ['prefer', 'wait=soon'],
    ['idempotency-key', 'é'],
  ])('refuses a write whose header %s nobody understands', async (name, value) => {
    const { server, asked } = await sceneOf()
    const call = {
      method: 'PUT' as const,
      url: `/v1/user/${USER_ID}`,
      payload: {},
      headers: { [name]: value },
    }
    const refused = await server.inject(call)
    expect(refused.json()).toMatchObject({ status: 400, errors: [{ field: `header.${name}` }] })
    expect(asked).toEqual([])
  })
})
