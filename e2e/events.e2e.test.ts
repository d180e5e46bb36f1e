// A saga's events at the public address, with tokens: whose they are, and all of them until the end.
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { startGuarded, textOf, type GuardedSystem, type Person } from './auth-support.ts'
import { orderBody } from './people.ts'

let system: GuardedSystem
let maya: Person
let mallory: Person
let order: string

beforeAll(async () => {
  system = await startGuarded({ name: 'events' })
  maya = await system.person('maya')
  mallory = await system.person('mallory')
  const body = orderBody(maya.userId, '1')
  order = textOf(await system.as('/v1/order', { method: 'POST', token: maya.token, body }), 'uuid')
  // Nobody can say before whose it is: to cancel it then is answered 409 with Retry-After.
  await vi.waitFor(async () => {
    const { status } = await system.as(`/v2/order/get/${order}`, { token: maya.token })
    if (status !== 200) throw new Error(`the order is answered ${status}`)
  })
})
afterAll(() => system.end())

const urlOf = (plan: string, id: string) => `/v1/saga/${plan}/${id}/events`

async function streamOf(url: string, token: string, lastEventId?: string): Promise<Response> {
  const headers = {
    authorization: `Bearer ${token}`,
    ...(lastEventId !== undefined && { 'last-event-id': lastEventId }),
  }
  return await fetch(`${system.url}${url}`, { headers })
}

const idsIn = (text: string) => [...text.matchAll(/^id: (.*)$/gm)].map(([, id = '']) => id)

test('a customer reads the events of his order until it is cancelled, and goes on where he was', async () => {
  const stream = await streamOf(urlOf('order.place', order), maya.token)
  expect(stream.status).toBe(200)
  const reading = stream.text()
  const cancelled = await system.as(`/v1/order/${order}`, {
    method: 'DELETE',
    token: maya.token,
    headers: { prefer: 'wait=10' },
  })
  expect(cancelled.status).toBe(200)
  const text = await reading
  const ids = idsIn(text)
  expect(ids.length).toBeGreaterThan(5)
  expect(new Set(ids).size).toBe(ids.length)
  expect(ids[0]).toBe('1.1')
  expect(text).toContain('"type":"started"')
  expect(text.endsWith('id: end\nevent: end\ndata: {"status":"compensated"}\n\n')).toBe(true)
  const again = await streamOf(urlOf('order.place', order), maya.token, ids[2])
  expect(idsIn(await again.text())).toEqual(ids.slice(3))
  expect((await streamOf(urlOf('order.place', order), maya.token, 'end')).status).toBe(204)
})

test('who runs the system reads the events of any saga', async () => {
  const stream = await streamOf(urlOf('user.register', maya.userId), system.adminToken)
  expect(await stream.text()).toContain('event: end\ndata: {"status":"completed"}')
})

test.each([
  ['of another: his order', () => urlOf('order.place', order), () => mallory.token, 403],
  ['of another: his registration', () => urlOf('user.register', maya.userId), () => mallory.token, 403],
  ['of nothing', () => urlOf('order.place', '00000000-0000-4000-8000-00000000dead'), () => maya.token, 404],
  ['of a plan that is nobody’s', () => urlOf('notification.deliver', order), () => maya.token, 403],
  ['without a token', () => urlOf('order.place', order), () => '', 401],
])('events %s are refused', async (_what, url, token, status) => {
  expect((await streamOf(url(), token())).status).toBe(status)
})

test('the timeline itself stays with who runs the system', async () => {
  const { status } = await system.as(`/v1/saga/order.place/${order}`, { token: maya.token })
  expect(status).toBe(403)
})
