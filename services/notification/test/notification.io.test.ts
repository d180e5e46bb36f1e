// Scenes on a real PostgreSQL: what is sent, what waits, and what callers bring.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { EventMessage } from '@ensemble/core'
import { migratedBothWays, startAlone, type ServiceAlone } from '@ensemble/service/testing/system'
import { notification as contract } from '@ensemble/service-contracts'
import { notification } from '../main.ts'
import { outbox as outboxOf } from '../notification-store.ts'

const USER = '5f0c2a34-7a0e-4f0b-9a55-0d9f3a1c7e21'
const ORDER = '1b8a6c1e-2f55-4d0e-8a59-6d3d7a0b9c11'
const AT = '2026-11-23T10:00:00.000Z'

let service: ServiceAlone

beforeAll(async () => {
  service = await startAlone(notification)
})
afterAll(() => service?.end())

function event(name: string, data: unknown, id: string): EventMessage {
  const source = name.split('.')[0] ?? ''
  const base = { type: 'event', id, topic: `${source}.events`, key: USER, name, source, at: 0, data } as const
  return { ...base, saga: null, operation: null, answer: null, slip: null, again: 0 }
}

interface Item {
  readonly id: string
  readonly statusText: string
  readonly receiverAddress: string | null
  readonly template: string | null
  readonly data: string
}

async function outbox(): Promise<readonly Item[]> {
  return (await service.get<{ results: Item[] }>('/v1/notification/outbox?limit=100')).body.results
}

const toldOf = async (template: string) =>
  (await outbox())
    .filter((item) => item.template === template)
    .map(({ statusText, receiverAddress }) => [statusText, receiverAddress])

const maya = {
  uuid: USER,
  first_name: 'Maya',
  last_name: null,
  email: 'maya@example.test',
  site_profil: `Maya-${USER}`,
  handphone: '081247930699',
  address: 'Street 1',
  city: null,
  province: null,
  district: null,
  created_at: AT,
  updated_at: AT,
  deleted_at: null,
}

describe('events', () => {
  const refund = { uuid_order: ORDER, uuid_user: USER, amount: 500, because: 'expired' }

  test('given no address, when told twice, then one message waits; the address sends it once', async () => {
    await service.publish(event('payment.refunded', refund, 'r1'), event('payment.refunded', refund, 'r1'))
    await expect.poll(() => toldOf('payment-refunded')).toEqual([['WAITING', null]])
    await service.publish(event('payment.refunded', refund, 'r1'), event('user.registered', maya, 'u1'))
    await expect.poll(() => toldOf('payment-refunded')).toEqual([['SENT', 'maya@example.test']])
    const [item] = (await outbox()).filter(({ template }) => template === 'payment-refunded')
    expect(item?.data).toContain('Hello Maya,')
    await service.publish(event('user.registered', maya, 'u1'), event('payment.refunded', refund, 'r2'))
    const sent = ['SENT', 'maya@example.test']
    await expect.poll(() => toldOf('payment-refunded')).toEqual([sent, sent])
  })

  test('given an address in the same batch, when told, then the message that came first is sent too', async () => {
    const other = { ...maya, uuid: ORDER, email: 'other@example.test' }
    const due = { uuid_order: ORDER, uuid_user: ORDER, payment_order: 9, payment_total: 0, due_date: AT }
    await service.publish(event('payment.due-soon', due, 'd1'), event('user.registered', other, 'u2'))
    await expect.poll(() => toldOf('payment-due-soon')).toEqual([['SENT', '+6281247930699']])
  })

  test('given an order that was not placed, when its saga ends, then the customer is told why', async () => {
    const saga = { plan: 'order.place', id: ORDER, pattern: 'choreography' } as const
    const because = { step: 'preparePayment', status: 'rejected', reason: 'over_limit', data: {} }
    const data = { uuid_order: ORDER, uuid_user: USER, order_number: '7/ord', because }
    const name = 'order.place.compensated'
    const base = {
      type: 'ended',
      id: `order.place/${ORDER}#ended`,
      topic: 'saga.ended',
      key: ORDER,
      name,
    } as const
    await service.publish({ ...base, saga, at: 0, end: { status: 'compensated', data } })
    await expect.poll(() => toldOf('order-failed')).toEqual([['SENT', 'maya@example.test']])
  })
})

test('given a step that is asked twice, when sent, then one message is there and both are told its id', async () => {
  const { first_name, email, handphone } = maya
  const to = { uuid_user: USER, first_name, email, handphone }
  const input = { template: 'welcome' as const, to, data: { site_profil: 'Maya-1' } }
  const ask = () => service.host.execute(contract.send, input, { operation: 'user.register/u/welcome/run' })
  const [first, second] = [await ask(), await ask()]
  expect(second).toEqual(first)
  const { id } = first.output
  expect((await service.get<Item>(`/v1/notification/id/${id}`)).body).toMatchObject({
    id,
    type: 'email',
    template: 'welcome',
    uuid_user: USER,
    receiverAddress: 'maya@example.test',
    statusText: 'SENT',
    history: [{ provider: 'local', status: 'SENT' }],
  })
  expect(await toldOf('welcome')).toEqual([['SENT', 'maya@example.test']])
})

describe("callers' messages", () => {
  const sms = {
    type: 'sms',
    uuid: USER,
    payload: { otp: true, msisdn: '089900000001', text: 'Your code is 123456' },
  }
  const email = {
    type: 'email',
    uuid: ORDER,
    payload: {
      to: 'Who@Example.test',
      from: 'us@example.test',
      subject: 'Hi',
      template_id: 't1',
      data: { name: 'Who' },
    },
  }
  const push = {
    type: 'push',
    uuid: '7d444840-9dc0-41d1-b245-5ffdce74fad2',
    payload: { to: 'token-1', text: 'Hi' },
  }

  test('given the same again, when sent, then it is one message; another content is refused', async () => {
    const first = await service.post('/v1/notification/sms', sms)
    expect(first).toEqual({ status: 200, body: { id: first.body['id'], status: 'QUEUE' } })
    expect(first.body['id']).not.toBe(USER)
    expect(await service.post('/v1/notification/sms', sms)).toEqual(first)
    const other = { ...sms, payload: { ...sms.payload, text: 'another' } }
    expect(await service.post('/v1/notification/sms', other)).toMatchObject({
      status: 422,
      body: { code: 'uuid-reused' },
    })
    expect(await service.post('/v1/notification/email', { ...email, uuid: USER })).toMatchObject({
      status: 422,
    })
    const found = await service.get<Item[]>('/v1/notification/history/6289900000001')
    expect(found.body.map(({ id, data }) => [id, data])).toEqual([[first.body['id'], 'Your code is 123456']])
  })

  test('given an e-mail and a push message, when sent, then both are found by their address', async () => {
    expect((await service.post('/v1/notification/email', email)).status).toBe(200)
    expect((await service.post('/v1/notification/push', push)).status).toBe(200)
    const mails = await service.get<Item[]>('/v1/notification/history/who@example.test')
    expect(mails.body).toMatchObject([
      { subject: 'Hi', template: 't1', data: '{"name":"Who"}', statusText: 'SENT' },
    ])
    expect((await service.get<Item[]>('/v1/notification/history/token-1')).body).toMatchObject([
      { type: 'push', data: 'Hi' },
    ])
    expect((await service.get<Item[]>('/v1/notification/history/nobody')).body).toEqual([])
  })

  test.each([
    ['no number', '/v1/notification/sms', { ...sms, payload: { ...sms.payload, msisdn: '08' } }],
    ['another type', '/v1/notification/push', sms],
    ['no payload', '/v1/notification/push', { type: 'push', uuid: USER }],
    ['no uuid', '/v1/notification/email', { ...email, uuid: 'x' }],
  ])('given %s, when sent, then it is refused', async (_given, url, body) => {
    expect((await service.post(url, body)).status).toBe(422)
  })
})

test('given twenty changes of one message at once, when decided, then none is lost', async () => {
  const { database } = service
  const messages = outboxOf({ database, read: database, sends: new Set() })
  const sms = { type: 'sms', uuid: '0a6b3c5e-9dc0-41d1-b245-5ffdce74fad2' }
  const payload = { msisdn: '089900000002', text: 'Hi' }
  const { body } = await service.post('/v1/notification/sms', { ...sms, payload })
  const id = String(body['id'])
  const twenty = Array.from({ length: 20 }, () =>
    messages.change(id, (message) => ({ message: { ...message, round: message.round + 1 }, value: true })),
  )
  expect(await Promise.all(twenty)).toEqual(Array.from({ length: 20 }, () => true))
  expect((await messages.get(id))?.round).toBe(20)
  expect(await messages.change(ORDER, (message) => ({ message, value: true }))).toBeUndefined()
})

test.each(['infobip', 'wavecell', 'twilio', 'gosms', 'sendgrid'])(
  'given a report of %s, when it comes, then 501 names the provider',
  async (provider) => {
    const answer = await service.post(`/v1/receiver/${provider}`, { results: [] })
    expect(answer).toMatchObject({ status: 501, body: { code: 'provider-not-configured', provider } })
  },
)

test('given an unknown id, when read, then 404; the page is HTML under its own policy', async () => {
  expect((await service.get(`/v1/notification/id/${ORDER}`)).status).toBe(404)
  const page = await service.server.inject({ method: 'GET', url: '/notification/outbox?limit=1' })
  expect([page.statusCode, page.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8'])
  expect(page.headers['content-security-policy']).toMatch(/^default-src 'none'; style-src 'sha256-/)
  expect(page.body.match(/<article>/g)?.length).toBe(1)
})

test('given its migrations, when taken back and run again, then nothing of them is left over', async () => {
  const { up, down, again } = await migratedBothWays(notification)
  expect({ down, again }).toEqual({ down: up.toReversed(), again: up })
})
