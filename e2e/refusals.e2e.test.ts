// What callers can get wrong: each is answered with a problem that names what is wrong, and leaves every table of every
// service and the log as they were.
import { isDeepStrictEqual } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as z from 'zod'
import { timelineOnce } from '../scripts/demo/play.ts'
import { loginBody, orderBody, registered, userBody } from './people.ts'
import { call, startTestSystem, type Call, type TestSystem } from './support.ts'
import { tablesOf, type Tables } from './tables.ts'

interface Wrong {
  readonly given: string
  readonly method: NonNullable<Call['method']>
  /** `:user` and `:order` are there; the order waits for money. */
  readonly path: string
  /** A text is sent as it is, anything else as JSON. */
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly status: number
  readonly code: string
  /** What the first error names. */
  readonly field?: string
}

const UNKNOWN = '00000000-0000-4000-8000-00000000dead'
const SIZE_TOO_BIG = 2 * 1024 * 1024

const USER = userBody('refused')
const ORDER = orderBody(UNKNOWN, 'refused')
const PAY = { payment_total: 1_000 }
const PAYMENT = {
  uuid_order: UNKNOWN,
  uuid_user: UNKNOWN,
  id_payment_model: '545204998214516737',
  payment_total: 1,
}
const SMS = { type: 'sms', uuid: UNKNOWN, payload: { msisdn: '+6281247930699', text: 'hello' } }

const invalid = { status: 422, code: 'invalid-request' } as const
const badHeader = { status: 400, code: 'invalid-header' } as const

interface Place {
  readonly method: NonNullable<Call['method']>
  readonly path: string
  readonly body: Readonly<Record<string, unknown>>
}

const USERS: Place = { method: 'POST', path: '/v1/user', body: USER }
const ORDERS: Place = { method: 'POST', path: '/v1/order', body: ORDER }
const ORDERS_2: Place = { method: 'POST', path: '/v2/order', body: ORDER }
const PAYING: Place = { method: 'PUT', path: '/v1/payment/:order', body: PAY }
const PAYING_2: Place = { method: 'PUT', path: '/v2/payment/:order', body: PAY }
const PAYMENTS: Place = { method: 'POST', path: '/v1/payment', body: PAYMENT }
const PROFILE: Place = { method: 'PUT', path: '/v1/user/:user', body: { city: 'Bandung' } }
const NUMBER: Place = { method: 'PUT', path: '/v1/order/:order', body: { order_number: 'renamed' } }
const LOGGER: Place = {
  method: 'POST',
  path: '/v1/logger',
  body: { action: 'users', uuid: UNKNOWN, status: 'success', data: { code: '200' } },
}
const LOGINS: Place = { method: 'POST', path: '/v1/login', body: loginBody(UNKNOWN, 'refused') }
const SESSIONS: Place = {
  method: 'POST',
  path: '/v1/login/session',
  body: { username: 'refused', password: 'correct horse' },
}
const MESSAGES: Place = { method: 'POST', path: '/v1/notification/sms', body: SMS }
const WRITES = [
  USERS,
  LOGINS,
  SESSIONS,
  ORDERS,
  ORDERS_2,
  PAYING,
  PAYING_2,
  PAYMENTS,
  PROFILE,
  NUMBER,
  LOGGER,
  MESSAGES,
]

/** One member of an otherwise right body is wrong. */
function member({ method, path, body }: Place, name: string, value: unknown): Wrong {
  const shown = value === undefined ? 'missing' : JSON.stringify(value).slice(0, 30)
  const given = `${method} ${path}: ${name} ${shown}`
  return { ...invalid, given, method, path, body: { ...body, [name]: value }, field: `/${name}` }
}

const MEMBERS: readonly Wrong[] = [
  ...[undefined, null, 7, '', ' ', 'x'.repeat(51), 'a\u0000b'].map((value) =>
    member(USERS, 'first_name', value),
  ),
  ...[undefined, 'nobody', 'a@', 7, `${'x'.repeat(100)}@example.test`].map((value) =>
    member(USERS, 'email', value),
  ),
  ...[undefined, 'phone', '+62', 81_247_930_699].map((value) => member(USERS, 'handphone', value)),
  ...[undefined, {}, []].map((value) => member(USERS, 'address', value)),
  ...[ORDERS, ORDERS_2].flatMap((orders) => [
    ...[undefined, '', 7, 'x'.repeat(101)].map((value) => member(orders, 'order_number', value)),
    ...[undefined, 'nobody', 7, null].map((value) => member(orders, 'uuid_user', value)),
    ...[undefined, 'SKU', 545, '-1', '1.5', '9223372036854775808'].map((value) =>
      member(orders, 'id_order_type', value),
    ),
    ...[undefined, 'Ovo', true].map((value) => member(orders, 'id_payment_model', value)),
    ...['-1', '1.5', '1e3', '', 'ten', 100, -1, '1000000000000'].map((value) =>
      member(orders, 'payment_order', value),
    ),
    member(orders, 'id_order_status', 'Pending'),
    member(orders, 'id_order_type', '1'),
    member(orders, 'id_order_status', '1'),
    member(orders, 'id_payment_status', '1'),
    member(orders, 'id_payment_model', '1'),
    member(orders, 'id_payment_status', 1),
    member(orders, 'inquiry_number', 'x'.repeat(101)),
    member(orders, 'nm_bank', {}),
  ]),
  ...[PAYING, PAYING_2, PAYMENTS].flatMap((paying) => [
    ...[undefined, 0, -1, 1.5, '1000', null, 1e21, 1_000_000_000_000, [1], true].map((value) =>
      member(paying, 'payment_total', value),
    ),
    member(paying, 'bank_account_number', 7),
    member(paying, 'bank_account_number', 'x'.repeat(51)),
  ]),
  member(PAYING, 'payment_status', 7),
  ...[undefined, 'nobody'].flatMap((value) => [
    member(PAYMENTS, 'uuid_order', value),
    member(PAYMENTS, 'uuid_user', value),
    member(PAYMENTS, 'id_payment_model', value),
  ]),
  member(PAYMENTS, 'id_payment_model', '1'),
  member(PAYMENTS, 'id_payment_status', '1'),
  ...[LOGINS, SESSIONS].flatMap((place) => [
    ...[undefined, null, 7, '', 'two words', 'm\u0430ya', 'x'.repeat(101), 'a\u0000b'].map((value) =>
      member(place, 'username', value),
    ),
    ...[undefined, null, 7, '', 'x'.repeat(129), 'half a \ud800'].map((value) =>
      member(place, 'password', value),
    ),
  ]),
  member(LOGINS, 'password', '7 chars'),
  ...[undefined, 'customer', 545, '1', null].map((value) => member(LOGINS, 'id_roles', value)),
  ...['nobody', 7, null, UNKNOWN].map((value) => member(LOGINS, 'uuid_user', value)),
  ...['nobody', 7, null, '-1', '1'].map((value) => member(LOGINS, 'id_user', value)),
  { ...member(LOGINS, 'uuid_user', undefined), field: '/id_user' },
  member({ ...LOGINS, body: { ...LOGINS.body, uuid_user: undefined } }, 'id_user', '1'),
  member(PROFILE, 'email', 'nobody'),
  member(PROFILE, 'id_user', '1'),
  member(PROFILE, 'uuid', UNKNOWN),
  member(NUMBER, 'order_number', ''),
  member(NUMBER, 'id_order_status', '545347536856023041'),
  member(LOGGER, 'action', 'everything'),
  member(LOGGER, 'uuid', '1'),
  member(LOGGER, 'status', 'fine'),
  member(MESSAGES, 'uuid', 'mine'),
  { ...member(MESSAGES, 'payload', { msisdn: 'phone', text: 'hello' }), field: '/payload/msisdn' },
]

const BODIES: readonly Wrong[] = WRITES.flatMap(({ method, path }) => {
  const at = (given: string): { given: string; method: Wrong['method']; path: string } => {
    return { given: `${method} ${path}: ${given}`, method, path }
  }
  return [
    { ...at('no body'), status: 400, code: 'body-empty' },
    { ...at('half a JSON text'), body: '{"a":', status: 400, code: 'body-malformed' },
    { ...at('__proto__'), body: '{"__proto__":{"a":1}}', status: 400, code: 'body-malformed' },
    { ...at('65 levels'), body: '{"a":'.repeat(65), status: 400, code: 'body-too-deep' },
    { ...at('an array'), ...invalid, body: [], field: 'body' },
    { ...at('null'), ...invalid, body: 'null', field: 'body' },
    { ...at('a number'), ...invalid, body: '7', field: 'body' },
    {
      ...at('a form'),
      body: 'a=1',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      status: 415,
      code: 'unsupported-media-type',
    },
    {
      ...at('text'),
      body: 'hello',
      headers: { 'content-type': 'text/plain' },
      status: 415,
      code: 'unsupported-media-type',
    },
    {
      ...at('2 MB'),
      body: JSON.stringify({ a: 'x'.repeat(SIZE_TOO_BIG) }),
      status: 413,
      code: 'body-too-large',
    },
  ]
})

const HEADERS: readonly Wrong[] = [
  ...WRITES,
  { method: 'DELETE', path: '/v1/order/:order' } as const,
  { method: 'DELETE', path: '/v1/user/:user' } as const,
].flatMap((place) => {
  const with_ = (name: string, value: string): Wrong => ({
    ...badHeader,
    ...place,
    given: `${place.method} ${place.path}: ${name}: ${value.slice(0, 20)}`,
    headers: { [name]: value },
    field: `header.${name}`,
  })
  return [
    with_('saga-pattern', 'both'),
    with_('saga-pattern', ''),
    with_('prefer', 'wait=soon'),
    with_('prefer', 'wait=-1'),
    with_('idempotency-key', ''),
    with_('idempotency-key', 'x'.repeat(256)),
    with_('idempotency-key', 'schl\u00fcssel'),
  ]
})

const WRONG_UUIDS = ['1', 'nobody', `${UNKNOWN}0`, '%00', "'%20or%201=1"]
const UUIDS: readonly Wrong[] = (
  [
    ['GET', '/v1/user/'],
    ['GET', '/v1/order/'],
    ['GET', '/v1/payment/get/'],
    ['GET', '/v2/user/get/'],
    ['GET', '/v2/order/get/'],
    ['GET', '/v2/payment/get/'],
    ['PUT', '/v1/user/'],
    ['PUT', '/v1/order/'],
    ['PUT', '/v1/payment/'],
    ['DELETE', '/v1/user/'],
    ['DELETE', '/v1/order/'],
    ['DELETE', '/v2/payment/'],
  ] as const
).flatMap(([method, path]) =>
  WRONG_UUIDS.map((uuid): Wrong => {
    const body = { payment_total: 1, order_number: '1', city: 'Bandung' }
    const sent = method === 'PUT' ? { body: bodyFor(path, body) } : {}
    return {
      ...invalid,
      given: `${method} ${path}${uuid}`,
      method,
      path: path + uuid,
      ...sent,
      field: 'path.uuid',
    }
  }),
)

function bodyFor(path: string, all: { payment_total: number; order_number: string; city: string }): unknown {
  if (path.includes('payment')) return { payment_total: all.payment_total }
  return path.includes('order') ? { order_number: all.order_number } : { city: all.city }
}

const UNKNOWN_IDS: readonly Wrong[] = (
  [
    ['GET', `/v1/user/${UNKNOWN}`, 'unknown-user', undefined],
    ['GET', `/v1/order/${UNKNOWN}`, 'unknown-order', undefined],
    ['GET', `/v1/payment/get/${UNKNOWN}`, 'unknown-payment', undefined],
    ['GET', `/v2/user/get/${UNKNOWN}`, 'unknown-user', undefined],
    ['GET', `/v2/order/get/${UNKNOWN}`, 'unknown-order', undefined],
    ['GET', `/v2/payment/get/${UNKNOWN}`, 'unknown-payment', undefined],
    ['GET', '/v1/login/get?username=nobody', 'unknown-login', undefined],
    ['GET', `/v1/saga/order.place/${UNKNOWN}`, 'unknown-saga', undefined],
    ['GET', `/v1/logger/users/${UNKNOWN}`, 'unknown-document', undefined],
    ['GET', `/v1/notification/id/${UNKNOWN}`, 'unknown-message', undefined],
    ['PUT', `/v1/user/${UNKNOWN}`, 'unknown-user', { city: 'Bandung' }],
    ['PUT', `/v1/order/${UNKNOWN}`, 'unknown-order', { order_number: '1' }],
    ['PUT', `/v1/payment/${UNKNOWN}`, 'unknown-order', PAY],
    ['POST', '/v1/payment', 'unknown-order', PAYMENT],
    ['DELETE', `/v1/user/${UNKNOWN}`, 'unknown-user', undefined],
    ['DELETE', `/v1/order/${UNKNOWN}`, 'unknown-order', undefined],
    ['DELETE', `/v1/payment/${UNKNOWN}`, 'unknown-order', undefined],
  ] as const
).map(([method, path, code, body]): Wrong => ({
  given: `${method} ${path}`,
  method,
  path,
  body,
  status: 404,
  code,
}))

const QUERIES: readonly Wrong[] = [
  '/v2/user/list',
  '/v1/login/list',
  '/v2/order/list',
  '/v2/payment/list',
  '/v1/payment/list',
].flatMap((path) =>
  ['limit=0', 'limit=-1', 'limit=1.5', 'limit=101', 'limit=ten', 'page=0', 'page=-1', 'page=1e9'].map(
    (query): Wrong => ({
      ...invalid,
      given: `GET ${path}?${query}`,
      method: 'GET',
      path: `${path}?${query}`,
      field: `query.${query.split('=')[0] ?? ''}`,
    }),
  ),
)

const Problem = z.looseObject({
  code: z.string(),
  errors: z.array(z.object({ field: z.string() })).optional(),
})

describe('wrong requests', () => {
  let system: TestSystem
  let tables: Tables
  let before: Readonly<Record<string, string>>
  let known: Readonly<Record<string, string>>
  beforeAll(async () => {
    system = await startTestSystem({ name: 'refusals' })
    tables = await tablesOf(system)
    const user = await registered(system.url, 'known')
    const placed = await call(`${system.url}/v1/order`, { method: 'POST', body: orderBody(user, 'known') })
    const order = String(placed.body['uuid'])
    await timelineOnce(order, system, ({ standing }) => standing === 'waiting')
    await tables.quiet()
    known = { ':user': user, ':order': order }
    before = await tables.fingerprints()
  })
  afterAll(async () => {
    await tables.close()
    await system.end()
  })

  test.each(Object.entries({ MEMBERS, BODIES, HEADERS, UUIDS, UNKNOWN_IDS, QUERIES }))(
    '%s: problem details that name what is wrong; nothing written, nothing queued',
    async (_, wrongs) => {
      const answers = await Promise.all(
        wrongs.map(async (wrong) => ({ ...wrong, answer: await answerTo(wrong) })),
      )
      const others = answers.filter(({ status, code, field, answer }) => {
        return !isDeepStrictEqual(answer, { status, code, field, ...PROBLEM })
      })
      expect(
        others.map(({ given, status, code, field, answer }) => ({ given, status, code, field, answer })),
      ).toEqual([])
      await tables.quiet()
      expect(await tables.fingerprints()).toEqual(before)
    },
  )

  const PROBLEM = { type: 'application/problem+json', hasEverything: true }

  async function answerTo({ method, path, body, headers }: Wrong): Promise<unknown> {
    const at = path.replace(/:user|:order/, (name) => known[name] ?? name)
    const answer = await fetch(`${system.url}${at}`, {
      method,
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const problem = Problem.parse(await answer.json())
    return {
      status: answer.status,
      code: problem.code,
      field: problem.errors?.[0]?.field,
      type: answer.headers.get('content-type')?.split(';')[0],
      hasEverything: ['type', 'title', 'detail', 'instance', 'request_id'].every(
        (name) => typeof problem[name] === 'string' && problem[name] !== '',
      ),
    }
  }
})
