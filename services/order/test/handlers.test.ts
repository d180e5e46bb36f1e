// Scenes about the wiring: which row, claims and related rows each request looks up before its rule decides.
import { expect, test } from 'vitest'
import { lookedUp, noRows } from '@ensemble/service/testing'
import { orderImplementation } from '../handlers.ts'

const ORDER_ID = '1b8a6c1e-2f55-4d0e-8a59-6d3d7a0b9c11'

const implementation = orderImplementation({ orders: noRows('tb_orders') })
const { participant, handlers, follows, timers } = implementation

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
  ['fail', {}, { userId: 'u', orderNumber: '7' }, { claims: ['number:u:7'] }],
  ['complete', {}, undefined, {}],
  ['update', { orderNumber: '8' }, undefined, {}],
  [
    'update',
    { orderNumber: '8' },
    { userId: 'u', orderNumber: '7' },
    { claims: ['number:u:7', 'number:u:8'] },
  ],
])(
  'given %s with %j, when it meets %j, then its row and %j are looked up',
  (request, input, state, needs) => {
    expect(lookedUp(implementation, request, { input: { orderId: ORDER_ID, ...input }, state })).toEqual({
      key: ORDER_ID,
      needs,
    })
  },
)
