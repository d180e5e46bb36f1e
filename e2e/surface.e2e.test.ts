// What callers meet at the public address beyond single calls: waiting for an end, reading what is on its way, health,
// and the document of the whole API.
import { PATTERNS } from '@ensemble/core'
import { ORDER_STATUS } from '@ensemble/service-contracts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { timelineOnce, UNKNOWN_USER } from '../scripts/demo/play.ts'
import { orderBody, registered, userBody } from './people.ts'
import { call, startTestSystem, type TestSystem } from './support.ts'

type Fields = Readonly<Record<string, unknown>>

const NEVER_STARTED = '00000000-0000-4000-8000-00000000dead'
const PAYMENT = { payment_total: 100_000 }
const METHODS = new Set(['get', 'post', 'put', 'delete'])

const SURFACE = [
  'GET /v1/health',
  'GET /v1/health/ready',
  'GET /health/live',
  'GET /health/ready',
  'POST /v1/user',
  'GET /v1/user/{uuid}',
  'PUT /v1/user/{uuid}',
  'DELETE /v1/user/{uuid}',
  'GET /v2/user/get/{uuid}',
  'GET /v2/user/list',
  'PUT /v2/user/{uuid}',
  'DELETE /v2/user/{uuid}',
  'POST /v1/client',
  'GET /v1/client/list',
  'DELETE /v1/client/{key}',
  'POST /v1/token/client',
  'POST /v1/token/user',
  'POST /v1/logout',
  'GET /v1/authorization/client',
  'GET /v1/authorization/user',
  'POST /v1/key/rotate',
  'GET /v1/audit/list',
  'POST /oauth/token',
  'POST /oauth/introspect',
  'POST /oauth/revoke',
  'GET /oauth/jwks',
  'GET /.well-known/openid-configuration',
  'POST /v1/login',
  'GET /v1/login/get',
  'GET /v1/login/list',
  'POST /v1/login/session',
  'POST /v1/order',
  'GET /v1/order/{uuid}',
  'PUT /v1/order/{uuid}',
  'DELETE /v1/order/{uuid}',
  'POST /v2/order',
  'GET /v2/order/get/{uuid}',
  'GET /v2/order/list',
  'PUT /v2/order/{uuid}',
  'DELETE /v2/order/{uuid}',
  'POST /v1/payment',
  'GET /v1/payment/get/{uuid}',
  'GET /v1/payment/list',
  'GET /v2/payment/reconciliation',
  'PUT /v1/payment/{uuid}',
  'DELETE /v1/payment/{uuid}',
  'POST /v2/payment',
  'GET /v2/payment/get/{uuid}',
  'GET /v2/payment/list',
  'PUT /v2/payment/{uuid}',
  'DELETE /v2/payment/{uuid}',
  'POST /v1/logger',
  'POST /v1/logger/get',
  'POST /v1/logger/all',
  'GET /v1/logger/{action}/{uuid}',
  'GET /v1/saga',
  'GET /v1/saga/{plan}/{id}',
  'GET /v1/saga/{plan}/{id}/events',
  'POST /v1/notification/sms',
  'POST /v1/notification/email',
  'POST /v1/notification/push',
  'GET /v1/notification/id/{id}',
  'GET /v1/notification/history/{receiverAddress}',
  'GET /v1/notification/outbox',
  'POST /v1/receiver/infobip',
  'POST /v1/receiver/wavecell',
  'POST /v1/receiver/twilio',
  'POST /v1/receiver/gosms',
  'POST /v1/receiver/sendgrid',
]

describe('the public address', () => {
  let system: TestSystem
  let document: Fields
  beforeAll(async () => {
    system = await startTestSystem({ name: 'surface' })
    document = (await call(`${system.url}/openapi.json`)).body
  })
  afterAll(async () => {
    await system.end()
  })

  test.each(PATTERNS)('%s: Prefer: wait answers with the final state, or how far it is', async (pattern) => {
    const { url } = system
    const headers = { 'saga-pattern': pattern, prefer: 'wait=5' }
    const post = async (path: string, body: unknown, wait = headers) =>
      await call(`${url}${path}`, { method: 'POST', body, headers: wait })

    const user = await post('/v1/user', userBody(`wait.${pattern}`))
    const twin = await post('/v1/user', userBody(`wait.${pattern}`))
    const refused = await post('/v1/order', orderBody(UNKNOWN_USER, pattern))
    const waiting = await post('/v1/order', orderBody(String(user.body['uuid']), pattern), {
      ...headers,
      prefer: 'wait=1',
    })
    const order = String(waiting.body['uuid'])
    await timelineOnce(order, system, ({ standing }) => standing === 'waiting')
    const cancelled = await call(`${url}/v1/order/${order}`, { method: 'DELETE', headers })

    expect(user.headers.get('preference-applied')).toBe('wait=5')
    expect(sagaOf(user.body)).toMatchObject({ pattern, status: 'completed' })
    expect(sagaOf(twin.body)).toMatchObject({
      status: 'compensated',
      data: { because: { step: 'createUser', reason: 'duplicate_email' } },
    })
    expect(sagaOf(refused.body)).toMatchObject({
      status: 'compensated',
      data: { because: { step: 'verifyUser', reason: 'unknown_user' } },
    })
    expect(waiting.headers.get('preference-applied')).toBe('wait=1')
    expect(sagaOf(waiting.body)).toEqual({
      plan: 'order.place',
      id: order,
      pattern,
      status: 'running',
      data: null,
    })
    expect(cancelled.headers.get('preference-applied')).toBe('wait=5')
    expect(sagaOf(cancelled.body)).toMatchObject({
      status: 'compensated',
      data: { because: { step: 'collectPayment', status: 'cancelled' } },
    })
  })

  test.each(PATTERNS)('%s: paying with Prefer: wait answers when the order is complete', async (pattern) => {
    const { url } = system
    const headers = { 'saga-pattern': pattern, prefer: 'wait=10' }
    const user = await call(`${url}/v1/user`, { method: 'POST', body: userBody(`payer.${pattern}`), headers })
    const body = orderBody(String(user.body['uuid']), `paid/${pattern}`)
    const placed = await call(`${url}/v1/order`, {
      method: 'POST',
      body,
      headers: { 'saga-pattern': pattern },
    })
    const order = String(placed.body['uuid'])
    const paid = await call(`${url}/v1/payment/${order}`, { method: 'PUT', body: PAYMENT, headers })
    const row = await call(`${url}/v2/order/get/${order}`)

    expect([paid.status, paid.headers.get('preference-applied')]).toEqual([200, 'wait=10'])
    expect(sagaOf(paid.body)).toMatchObject({ id: order, pattern, status: 'completed' })
    expect(row.body['id_order_status']).toBe(ORDER_STATUS.Complete)
  })

  test('paying an order that fails meanwhile is a conflict before the wait is over', async () => {
    const { url } = system
    const placed = await call(`${url}/v1/order`, {
      method: 'POST',
      body: orderBody(UNKNOWN_USER, 'failing'),
    })
    const path = `/v1/payment/${String(placed.body['uuid'])}`
    const begun = performance.now()
    const paid = await call(`${url}${path}`, { method: 'PUT', body: PAYMENT, headers: { prefer: 'wait=30' } })
    expect([paid.status, paid.body['code']]).toEqual([409, 'order-failed'])
    expect(performance.now() - begun).toBeLessThan(20_000)
  })

  test('a write after the end is a conflict: nothing is cancelled or paid twice', async () => {
    const { url } = system
    const user = await registered(url, 'closed')
    const placed = await call(`${url}/v1/order`, { method: 'POST', body: orderBody(user, 'closed') })
    const order = String(placed.body['uuid'])
    const pay = { method: 'PUT', body: PAYMENT } as const
    const paid = await call(`${url}/v1/payment/${order}`, pay)
    await timelineOnce(order, system, ({ standing }) => standing === 'ended')

    expect(paid.status).toBe(200)
    expect(await call(`${url}/v1/payment/${order}`, pay)).toMatchObject({
      status: 409,
      body: { code: 'payment-settled' },
    })
    expect(await call(`${url}/v1/order/${order}`, { method: 'DELETE' })).toMatchObject({
      status: 409,
      body: { code: 'order-closed' },
    })
    const renamed = await call(`${url}/v1/order/${order}`, { method: 'PUT', body: { order_number: 'other' } })
    expect(renamed).toMatchObject({ status: 409, body: { code: 'order-closed' } })
  })

  test('liveness and readiness', async () => {
    const time: unknown = expect.stringMatching(/^\d{4}-\d{2}-\d{2}T/)
    for (const path of ['/v1/health', '/health/live']) {
      const { status, body } = await call(`${system.url}${path}`)
      expect({ status, body }).toMatchObject({ status: 200, body: { status: 'OK', created_at: time } })
    }
    const { status, body } = await call(`${system.url}/v1/health/ready`)
    expect({ status, body }).toMatchObject({ status: 200, body: { status: 'OK', created_at: time } })
    expect(body['checks']).toEqual(
      expect.arrayContaining([
        { name: 'database', status: 'OK' },
        { name: 'bus', status: 'OK' },
        { name: 'lag', status: 'OK' },
      ]),
    )
  })

  test('the API page is there, and an unknown path is a problem', async () => {
    const page = await fetch(`${system.url}/docs`)
    expect(page.status).toBe(200)
    expect(page.headers.get('content-type')).toMatch(/^text\/html/)
    const unknown = await call(`${system.url}/v3/order`)
    expect(unknown.status).toBe(404)
    expect(unknown.headers.get('content-type')).toMatch(/^application\/problem\+json/)
  })

  test('the OpenAPI document lists every call', () => {
    const listed = operationsOf(document).map(({ name }) => name)
    expect(SURFACE.filter((name) => !listed.includes(name))).toEqual([])
  })

  test('without tokens on, nobody can make what would be trusted once they are', async () => {
    const client = { client_name: 'early', is_first_party: true, scope: ['client:write'] }
    for (const [path, body] of [
      ['/v1/client', client],
      ['/v1/key/rotate', {}],
      ['/v1/token/user', { username: 'maya', password: 'x' }],
    ] as const) {
      const answer = await call(`${system.url}${path}`, { method: 'POST', body })
      expect([path, answer.status, answer.body['code']]).toEqual([path, 409, 'auth-off'])
    }
  })

  test('the OpenAPI document is a well-formed 3.1', () => {
    expect(document).toMatchObject({
      openapi: expect.stringMatching(/^3\.1\.\d+$/),
      info: { title: expect.any(String), version: expect.any(String) },
    })
    expect(operationsOf(document).flatMap(faultsOf)).toEqual([])
    expect(refsIn(document).filter((ref) => resolved(document, ref) === undefined)).toEqual([])
  })

  test('every call of the document that writes takes a body that is described, if it takes one', () => {
    const bare = operationsOf(document)
      .filter(({ name }) => /^(?:POST|PUT) /.test(name) && !name.includes('/receiver/'))
      .filter(({ operation }) => schemaOf(operation['requestBody']) === undefined)
    // The token, or the permission, says everything.
    expect(bare.map(({ name }) => name).toSorted()).toEqual(['POST /v1/key/rotate', 'POST /v1/logout'])
  })
})

describe('while the services that do the work are away', () => {
  let system: TestSystem
  beforeAll(async () => {
    system = await startTestSystem({ name: 'on its way', services: ['history', 'gateway'] })
  })
  afterAll(async () => {
    await system.end()
  })

  test.each([
    ['user', '/v1/user/', userBody('early')],
    ['order', '/v1/order/', orderBody(UNKNOWN_USER, 'early')],
  ])('%s: reading what was started is 202, anything else 404', async (what, path, body) => {
    const { url } = system
    const queued = await call(`${url}/v1/${what}`, { method: 'POST', body })
    const uuid = String(queued.body['uuid'])
    const early = await call(`${url}${path}${uuid}`)

    expect(queued.status).toBe(200)
    expect(early.status).toBe(202)
    expect(early.headers.get('retry-after')).toBe('1')
    expect(early.body).toMatchObject({ uuid, status: 'QUEUE', saga: { id: uuid, status: 'running' } })
    expect(await call(`${url}${path}${NEVER_STARTED}`)).toMatchObject({
      status: 404,
      body: { code: `unknown-${what}` },
    })
  })
})

function sagaOf(body: Fields): unknown {
  return body['saga']
}

interface Operation {
  readonly name: string
  readonly path: string
  readonly operation: Fields
}

function operationsOf(document: Fields): readonly Operation[] {
  return Object.entries(fieldsOf(document['paths'])).flatMap(([path, item]) =>
    Object.entries(fieldsOf(item))
      .filter(([method]) => METHODS.has(method))
      .map(([method, operation]) => ({
        name: `${method.toUpperCase()} ${path}`,
        path,
        operation: fieldsOf(operation),
      })),
  )
}

/** What OpenAPI 3.1 asks of an operation: answers with descriptions, and each name in the path as a parameter. */
function faultsOf({ name, path, operation }: Operation): readonly string[] {
  const answers = Object.entries(fieldsOf(operation['responses']))
  const faults = answers.flatMap(([status, answer]) => [
    ...(/^(?:[1-5]\d\d|[1-5]XX|default)$/.test(status) ? [] : [`${name}: the status ${status}`]),
    ...(typeof fieldsOf(answer)['description'] === 'string' ? [] : [`${name}: ${status} has no description`]),
  ])
  const parameters = Array.isArray(operation['parameters']) ? operation['parameters'].map(fieldsOf) : []
  const inPath = parameters.filter((one) => one['in'] === 'path' && one['required'] === true)
  const declared = inPath.map((one) => String(one['name'])).sort()
  const named = [...path.matchAll(/\{([^}]+)\}/g)].map(([, word = '']) => word).sort()
  return [
    ...faults,
    ...(answers.length > 0 ? [] : [`${name}: no answers`]),
    ...(declared.join() === named.join()
      ? []
      : [`${name}: declares ${declared.join()}, has ${named.join()}`]),
  ]
}

function schemaOf(requestBody: unknown): unknown {
  const content = fieldsOf(fieldsOf(requestBody)['content'])
  return fieldsOf(content['application/json'])['schema']
}

function refsIn(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(refsIn)
  return Object.entries(fieldsOf(value)).flatMap(([key, item]) =>
    key === '$ref' && typeof item === 'string' ? [item] : refsIn(item),
  )
}

function resolved(document: Fields, ref: string): unknown {
  if (!ref.startsWith('#/')) return undefined
  return ref
    .slice(2)
    .split('/')
    .reduce<unknown>((at, word) => fieldsOf(at)[word.replaceAll('~1', '/').replaceAll('~0', '~')], document)
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {}
}
