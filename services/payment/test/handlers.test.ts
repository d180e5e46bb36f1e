// Scenes about the wiring: which row, claims and related rows each request looks up before its rule decides.
import { expect, test } from 'vitest'
import { lookedUp, noRows } from '@ensemble/service/testing'
import { paymentImplementation } from '../handlers.ts'
import { ORDER_ID, paid, PAY_LATER, payLater, pending, terms, TRANSFER, USER_ID } from './support.ts'

const tables = {
  payments: noRows<never>('tb_payment'),
  credits: noRows<never>('tb_payment_credit'),
  entries: { name: 'tb_payment_entry', append: async () => undefined },
}
const implementation = paymentImplementation(tables, terms)
const { participant, handlers, follows, timers } = implementation

const credit = { related: { credit: USER_ID } }

test('given the service, when declared, then it answers its contract and has two timers', () => {
  expect({ participant, requests: [...handlers.keys()], follows }).toEqual({
    participant: 'payment',
    requests: ['prepare', 'cancel', 'collect', 'close', 'pay'],
    follows: [],
  })
  expect(timers.map(({ name, rule }) => [name, rule.key({ orderId: ORDER_ID })])).toEqual([
    ['payment.expire', ORDER_ID],
    ['payment.remind', ORDER_ID],
  ])
})

test.each([
  ['prepare', { paymentModelId: TRANSFER, userId: USER_ID }, undefined, {}],
  ['prepare', { paymentModelId: PAY_LATER, userId: USER_ID }, undefined, credit],
  ...['cancel', 'collect', 'close', 'pay'].flatMap((request) => [
    [request, {}, undefined, {}] as const,
    [request, {}, pending, {}] as const,
    [request, {}, payLater, credit] as const,
    [request, {}, { ...paid, model: 'Pay Later' }, {}] as const,
  ]),
] as const)(
  'given %s with %j, when it meets %j, then its row and %j are looked up',
  (request, input, state, needs) => {
    expect(lookedUp(implementation, request, { input: { orderId: ORDER_ID, ...input }, state })).toEqual({
      key: ORDER_ID,
      needs,
    })
  },
)

test('given the due date of a Pay Later payment, when the timer rings, then its credit is looked up', () => {
  const expire = timers.find(({ name }) => name === 'payment.expire')
  expect(expire?.rule.needs?.({ orderId: ORDER_ID }, payLater)).toEqual(credit)
})
