// The five calls of the README as a script without pauses, in both patterns and both layouts of databases.
import { SERVICE_NAMES } from '@ensemble/all-in-one'
import { ORDER_STATUS, PAYMENT_STATUS } from '@ensemble/service-contracts'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { call, startTestSystem, type Answer, type TestOptions, type TestSystem } from './support.ts'

const USER = {
  first_name: 'test',
  last_name: 'ting',
  email: 'mail11@testing.com',
  handphone: '6281247930699',
  address: 'Address',
  city: 'city',
  province: 'province',
  district: 'district',
}
const ORDER = {
  order_number: '001/ord/sku/IV/2020',
  id_order_type: '545204885836038145',
  id_payment_model: '545204998214516737',
}
const PAY = { payment_total: 100000, payment_status: 'Paid', bank_account_number: '1234567890' }

const DOCUMENT_KEYS = ['__action', '__offset', '__uuid', 'created_at', 'history', 'status', 'update_at']
const FINISHED = { timeout: 20_000, interval: 50 }

const WITHOUT_ORCHESTRATOR = SERVICE_NAMES.filter((name) => name !== 'orchestrator')
const SYSTEMS: readonly TestOptions[] = [
  { name: 'orchestrated in one database' },
  { name: 'orchestrated in a database each', environment: { separateDatabases: true } },
  {
    name: 'choreographed in one database, no orchestrator',
    environment: { pattern: 'choreography' },
    services: WITHOUT_ORCHESTRATOR,
  },
  {
    name: 'choreographed in a database each, no orchestrator',
    environment: { pattern: 'choreography', separateDatabases: true },
    services: WITHOUT_ORCHESTRATOR,
  },
]

describe.each(SYSTEMS)('the calls of the README, $name', (options) => {
  let system: TestSystem
  beforeAll(async () => {
    system = await startTestSystem(options)
  })
  afterAll(async () => {
    await system.end()
  })

  test('five calls without a pause end in a user, a complete order and a paid payment', async () => {
    const at = (path: string): string => `${system.url}${path}`

    const registered = await call(at('/v1/user'), { method: 'POST', body: USER })
    const user = String(registered.body['uuid'])
    const seen = await call(at(`/v1/user/${user}`))
    const ordered = await call(at('/v1/order'), { method: 'POST', body: { ...ORDER, uuid_user: user } })
    const order = String(ordered.body['uuid'])
    const watched = await call(at(`/v1/order/${order}`))
    const paid = await call(at(`/v1/payment/${order}`), { method: 'PUT', body: PAY })

    expect(registered.body).toEqual(envelope(registered, 'users', USER))
    expect([200, 202]).toContain(seen.status)
    expect(ordered.body).toEqual(envelope(ordered, 'order_save', { ...ORDER, uuid_user: user }))
    expect([200, 202]).toContain(watched.status)
    expect(paid.body).toEqual(
      envelope(paid, 'payment_order', {
        uuid_order: order,
        payment_total: '100000',
        payment_status: 'Paid',
        bank_account_number: '1234567890',
      }),
    )
    await vi.waitFor(async () => {
      expect(lastResult(await call(at(`/v1/user/${user}`)))).toMatchObject({ uuid: user, email: USER.email })
      expect(lastResult(await call(at(`/v1/order/${order}`)))).toMatchObject({
        id_order_status: ORDER_STATUS.Complete,
      })
      expect(lastResult(await call(at(`/v1/payment/get/${order}`)))).toMatchObject({
        id_payment_status: PAYMENT_STATUS.Paid,
        payment_total: 100000,
        change_total: 0,
      })
    }, FINISHED)
    const row = await call(at(`/v2/order/get/${order}`))
    expect(row.body).toMatchObject({ uuid: order, uuid_user: user, id_order_status: ORDER_STATUS.Complete })
    const payment = await call(at(`/v2/payment/get/${order}`))
    expect(payment.body).toMatchObject({ uuid_order: order, id_payment_status: PAYMENT_STATUS.Paid })
  })

  test('an unknown user: the order fails, nothing is due, and history names the refused step', async () => {
    const uuid_user = '00000000-0000-4000-8000-000000000000'
    const placed = await call(`${system.url}/v1/order`, {
      method: 'POST',
      body: { ...ORDER, uuid_user },
      headers: { prefer: 'wait=20' },
    })

    const uuid_order = String(placed.body['uuid'])
    expect(placed.body['saga']).toEqual({
      plan: 'order.place',
      id: uuid_order,
      pattern: options.environment?.pattern ?? 'orchestration',
      status: 'compensated',
      data: {
        uuid_order,
        uuid_user,
        order_number: ORDER.order_number,
        because: { step: 'verifyUser', status: 'rejected', reason: 'unknown_user', data: { uuid_user } },
      },
    })
    const row = await call(`${system.url}/v2/order/get/${uuid_order}`)
    expect(row.body).toMatchObject({ id_order_status: ORDER_STATUS.Failed })
    expect((await call(`${system.url}/v2/payment/get/${uuid_order}`)).status).toBe(404)
    expect(await call(`${system.url}/v1/payment/${uuid_order}`, { method: 'PUT', body: PAY })).toMatchObject({
      status: 409,
      body: { code: 'order-failed' },
    })
  })
})

function envelope({ body }: Answer, action: string, data: unknown): unknown {
  const uuid: unknown = expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f-]{27}$/)
  const { created_at } = body
  expect(body['uuid']).toEqual(uuid)
  const event = { __uuid: body['uuid'], __action: action, __offset: 0, data, status: 'QUEUE', created_at }
  return { uuid, created_at, event }
}

/** The result of the newest entry of a history document. */
function lastResult({ status, body }: Answer): unknown {
  expect(status).toBe(200)
  expect(Object.keys(body).sort()).toEqual(DOCUMENT_KEYS)
  const entries = Array.isArray(body['history']) ? body['history'] : []
  expect(body).toMatchObject({ status: 'success', __offset: entries.length - 1 })
  const last: unknown = entries.at(-1)
  expect(last).toMatchObject({ data: { code: '200' } })
  return last === null || typeof last !== 'object' || !('data' in last)
    ? undefined
    : fieldsOf(last.data)['result']
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {}
}
