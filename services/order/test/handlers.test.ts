// Scenes about the wiring: which row, claims and related rows each request looks up before its rule decides.
import { expect, test } from 'vitest'
import type { Rows } from '@ensemble/runtime'
import { orderImplementation } from '../handlers.ts'
import type { Order } from '../order.ts'

const ORDER_ID = '1b8a6c1e-2f55-4d0e-8a59-6d3d7a0b9c11'

const orders: Rows<Order> = {
  name: 'tb_orders',
  load: async () => new Map(),
  insert: async () => undefined,
  update: async () => undefined,
}
const { participant, handlers, follows, timers } = orderImplementation({ orders })

function lookedUp(request: string, input: object, state?: object): unknown {
  const handler = handlers.get(request)
  if (handler?.form !== 'aggregate') throw new Error(`${request} is no aggregate`)
  const asked = { orderId: ORDER_ID, ...input }
  return { key: handler.rule.key(asked), needs: handler.rule.needs?.(asked, state) ?? {} }
}

test('given the service, when declared, then it answers its contract and follows the payment', () => {
  expect({ participant, requests: [...handlers.keys()], timers }).toEqual({
    participant: 'order',
    requests: ['open', 'fail', 'complete', 'update'],
    timers: [],
  })
  expect(follows.map(({ name, rule }) => [name, rule.key({ uuid_order: ORDER_ID })])).toEqual([
    ['payment.prepared', ORDER_ID],
    ['payment.collected', ORDER_ID],
  ])
})

test.each([
  ['open', { userId: 'u', orderNumber: '7' }, undefined, { claims: ['number:u:7'] }],
  ['fail', {}, undefined, {}],
  ['complete', {}, undefined, {}],
  ['update', { orderNumber: '8' }, undefined, {}],
  ['update', { orderNumber: '8' }, { userId: 'u' }, { claims: ['number:u:8'] }],
])(
  'given %s with %j, when it meets %j, then its row and %j are looked up',
  (request, input, state, needs) => {
    expect(lookedUp(request, input, state)).toEqual({ key: ORDER_ID, needs })
  },
)
