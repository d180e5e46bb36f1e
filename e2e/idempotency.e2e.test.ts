// Twenty equal calls at once with one Idempotency-Key do their work once and get one answer; another call under that
// key is refused.
import { PATTERNS } from '@ensemble/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { timelineOnce } from '../scripts/demo/play.ts'
import { AMOUNT, loginBody, orderBody, registered, userBody } from './people.ts'
import { call, startTestSystem, type Answer, type Call, type TestSystem } from './support.ts'
import { tablesOf, type Tables } from './tables.ts'

const TWINS = 20

interface Write {
  readonly method: NonNullable<Call['method']>
  readonly path: string
  readonly body: unknown
  /** Another body of the same call. */
  readonly other: unknown
}

describe.each(PATTERNS)('Idempotency-Key, %s', (pattern) => {
  let system: TestSystem
  let tables: Tables
  let user = ''
  beforeAll(async () => {
    system = await startTestSystem({ name: `idempotency ${pattern}`, environment: { pattern } })
    tables = await tablesOf(system)
    user = await registered(system.url, 'owner')
  })
  afterAll(async () => {
    await tables.close()
    await system.end()
  })

  test('POST user: one user', async () => {
    await repeated('user-key', {
      method: 'POST',
      path: '/v1/user',
      body: userBody('twin'),
      other: userBody('other'),
    })
    await tables.quiet()
    expect(
      await count('user', `"user".tb_users WHERE email IN ('twin@example.test', 'other@example.test')`),
    ).toBe(1)
    expect(
      await count(
        'notification',
        `notification.tb_notification WHERE receiver_address = 'twin@example.test'`,
      ),
    ).toBe(1)
  })

  test.each([
    ['another password', 'twin.password', { password: 'another horse' }],
    ['another name', 'twin.name', { username: 'other' }],
  ])('POST login: one login; %s under its key is refused', async (_, username, change) => {
    const body = loginBody(user, username)
    await repeated(`login-key ${username}`, {
      method: 'POST',
      path: '/v1/login',
      body,
      other: { ...body, ...change },
    })
    expect(await count('user', `"user".tb_login WHERE username IN ('${username}', 'other')`)).toBe(1)
  })

  test.each(['/v1/order', '/v2/order'])('POST %s: one order, one payment', async (path) => {
    const answer = await repeated(`order-key ${path}`, {
      method: 'POST',
      path,
      body: orderBody(user, `twin ${path}`),
      other: orderBody(user, `other ${path}`),
    })
    await waiting(String(answer.body['uuid']))
    await tables.quiet()
    const numbers = `order_number IN ('twin ${path}', 'other ${path}')`
    expect(await count('order', `"order".tb_orders WHERE ${numbers}`)).toBe(1)
    expect(await count('payment', `payment.tb_payment WHERE uuid = '${String(answer.body['uuid'])}'`)).toBe(1)
  })

  test('PUT payment: the money is booked once', async () => {
    const order = await placed('to pay')
    await repeated('pay-key', {
      method: 'PUT',
      path: `/v1/payment/${order}`,
      body: { payment_total: 1_000 },
      other: { payment_total: 2_000 },
    })
    expect(await booked(order)).toEqual([{ kind: 'in', amount: '1000' }])
  })

  test('POST payment: the money is booked once', async () => {
    const order = await placed('to pay by POST')
    const { id_payment_model } = orderBody(user, '')
    const body = { uuid_order: order, uuid_user: user, id_payment_model, payment_total: AMOUNT }
    await repeated('post-pay-key', {
      method: 'POST',
      path: '/v1/payment',
      body,
      other: { ...body, payment_total: 2_000 },
    })
    expect(await booked(order)).toEqual([{ kind: 'in', amount: String(AMOUNT) }])
  })

  test('PUT order: the number changes once', async () => {
    const order = await placed('before')
    await repeated('rename-key', {
      method: 'PUT',
      path: `/v1/order/${order}`,
      body: { order_number: 'after' },
      other: { order_number: 'later' },
    })
    expect((await call(`${system.url}/v2/order/get/${order}`)).body['order_number']).toBe('after')
  })

  test('DELETE order: one wish, twenty equal answers', async () => {
    const order = await placed('to cancel')
    const { answers } = await twins('cancel-key', {
      method: 'DELETE',
      path: `/v1/order/${order}`,
      body: undefined,
    })
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    expect(distinct(answers)).toHaveLength(1)
    await timelineOnce(order, system, ({ standing }) => standing === 'ended')
  })

  async function repeated(key: string, write: Write): Promise<Answer> {
    const { answers, first } = await twins(key, write)
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: TWINS }, () => 200))
    expect(distinct(answers)).toHaveLength(1)
    const later = await send(key, write)
    expect(later.body).toEqual(first.body)
    expect(later.headers.get('idempotency-replayed')).toBe('true')
    const other = await send(key, { ...write, body: write.other })
    expect(other).toMatchObject({ status: 422, body: { code: 'idempotency-key-reused' } })
    return first
  }

  async function twins(
    key: string,
    write: Pick<Write, 'method' | 'path' | 'body'>,
  ): Promise<{ readonly answers: readonly Answer[]; readonly first: Answer }> {
    const answers = await Promise.all(Array.from({ length: TWINS }, () => send(key, write)))
    const [first] = answers
    if (first === undefined) throw new Error('no answers')
    return { answers, first }
  }

  async function send(
    key: string,
    { method, path, body }: Pick<Write, 'method' | 'path' | 'body'>,
  ): Promise<Answer> {
    return await call(`${system.url}${path}`, { method, body, headers: { 'idempotency-key': key } })
  }

  /** An order that waits for its money. */
  async function placed(number: string): Promise<string> {
    const { body } = await call(`${system.url}/v1/order`, { method: 'POST', body: orderBody(user, number) })
    const order = String(body['uuid'])
    await waiting(order)
    return order
  }

  async function waiting(order: string): Promise<void> {
    await timelineOnce(order, system, ({ standing }) => standing === 'waiting')
  }

  async function booked(order: string): Promise<unknown> {
    const where = `uuid_payment = '${order}'`
    return await tables.rows('payment', `SELECT kind, amount FROM payment.tb_payment_entry WHERE ${where}`)
  }

  async function count(place: string, from: string): Promise<number> {
    const [row] = await tables.rows(place, `SELECT count(*) AS count FROM ${from}`)
    return Number(row?.['count'])
  }
})

function distinct(answers: readonly Answer[]): readonly string[] {
  return [...new Set(answers.map(({ body }) => JSON.stringify(body)))]
}
