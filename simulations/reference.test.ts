// The reference system passes its books, and the books find each thing that could be wrong in them.
import { placeOrder, registerUser } from '@ensemble/service-contracts'
import type { Order } from '@ensemble/service-order/rules'
import type { Payment, PaymentEntry } from '@ensemble/service-payment/rules'
import type { User } from '@ensemble/service-user/rules'
import { alike, run } from '@ensemble/simulator'
import { describe, expect, test } from 'vitest'
import { subject } from './reference.ts'
import type { Books } from './reference/books.ts'
import { verdict } from './reference/verdict.ts'

const TIMEOUT_MS = 120_000
const SEEDS = [1, 2, 3, 4, 5, 6]

test('with faults, the books are in order', { timeout: TIMEOUT_MS }, async () => {
  const violations: string[] = []
  for (const seed of SEEDS) violations.push(...(await run({ seed, subject })).violations)
  expect(violations).toEqual([])
})

test('without faults, both patterns leave the same', { timeout: TIMEOUT_MS }, async () => {
  const differences: string[] = []
  for (const seed of SEEDS.slice(0, 2)) differences.push(...(await alike({ seed, subject })))
  expect(differences).toEqual([])
})

const user: User = {
  uuid: 'u1',
  profile: {
    firstName: 'Ann',
    lastName: null,
    email: 'ann@sim.test',
    handphone: '6281247930699',
    address: 'Address',
    city: null,
    province: null,
    district: null,
  },
  siteProfil: 'Ann-u1',
  createdAt: 1,
  updatedAt: 1,
  deletedAt: null,
  version: 0,
}
const order: Order = {
  uuid: 'o1',
  orderNumber: '1',
  userId: 'u1',
  type: 'SKU',
  status: 'Complete',
  createdAt: 1,
  updatedAt: 2,
  version: 0,
}
const payment: Payment = {
  uuid: 'o1',
  userId: 'u1',
  model: 'Pay Later',
  status: 'Paid',
  because: null,
  inquiryNumber: '',
  bankName: '',
  bankAccountNumber: '1',
  amountDue: 50,
  received: 60,
  changed: 10,
  refunded: 0,
  dueAt: 9,
  createdAt: 1,
  updatedAt: 2,
  version: 0,
}
const pending: Payment = { ...payment, status: 'Pending', received: 0, changed: 0 }
const entry: PaymentEntry = {
  paymentId: 'o1',
  kind: 'in',
  amount: 60,
  operation: 'pay/o1/1/1',
  bankAccountNumber: '1',
  at: 2,
}
const change: PaymentEntry = { ...entry, kind: 'change', amount: 10 }
const paid: Books['paid'][number] = {
  operation: 'pay/o1/1/1',
  amount: 60,
  outcome: { status: 'rejected', rejection: 'settled', data: { uuid_order: 'o1' } },
}
const taken = { ...paid, outcome: { status: 'succeeded', output: {} } } as Books['paid'][number]

function message(template: string, userId: string): Books['messages'][number] {
  return {
    type: 'new',
    message: {
      id: `${template} ${userId}`,
      channel: 'email',
      template,
      userId,
      address: null,
      subject: '',
      text: '',
      details: { language: 'en', data: {}, sender: null, isOtp: false },
      status: 'SENT',
      round: 0,
      attempts: [],
      fingerprint: '',
      createdAt: 1,
      updatedAt: 1,
    },
  }
}

const addressed = { ...message('welcome', 'u1'), type: 'addressed' } as const

/** Ann has registered and paid her order. */
const books: Books = {
  sagas: [
    { plan: registerUser.name, id: 'u1', userId: 'u1', end: 'completed' },
    { plan: placeOrder.name, id: 'o1', userId: 'u1', end: 'completed' },
  ],
  deliveries: [
    { id: 'm1', end: 'completed', status: 'SENT', sentCount: 1 },
    { id: 'm2', end: 'completed', status: 'UNDELIVERABLE', sentCount: 0 },
    { id: 'm3', end: 'completed', status: 'UNKNOWN', sentCount: 1 },
    { id: 'm4', end: null, status: 'absent', sentCount: 0 },
  ],
  users: [user],
  orders: [[{ ...order, status: 'Pending' }, { ...order, status: 'Process' }, order]],
  payments: [[pending, payment]],
  credits: [
    [
      { userId: 'u1', open: 50, version: 0 },
      { userId: 'u1', open: 0, version: 1 },
    ],
  ],
  entries: [entry, change],
  messages: [message('welcome', 'u1'), message('order-completed', 'u1'), message('payment-due-soon', 'u1')],
  events: [{ id: 'e1', template: 'payment-due-soon', userId: 'u1' }],
  paid: [taken],
}

const ended = (end: 'completed' | 'compensated') => books.sagas.map((saga) => ({ ...saga, end }))
const refund: PaymentEntry = { ...entry, kind: 'refund', amount: 50, operation: 'cancel' }
const failed: Payment = { ...payment, status: 'Failed', because: 'cancelled', refunded: 50 }

describe('the books', () => {
  test('of a system that is right say nothing', () => {
    expect(verdict(books)).toEqual([])
  })

  test.each<readonly [sentence: string, broken: Partial<Books>]>([
    ['the address ann@sim.test belongs to two users', { users: [user, { ...user, uuid: 'u2' }] }],
    ['user u1 was registered and is not there', { users: [] }],
    ['user u1 was not registered and is there', { sagas: ended('compensated') }],
    [
      'order number 1 of user u1 belongs to two orders',
      { orders: [...books.orders, [{ ...order, uuid: 'o2' }]] },
    ],
    ['order o1: its saga completed, it is absent, its payment Paid', { orders: [] }],
    ['order o1: its saga completed, it is Complete, its payment Failed', { payments: [[failed]] }],
    ['order o1: its saga compensated, it is Complete, its payment Paid', { sagas: ended('compensated') }],
    ['order o1 was Failed and became Complete', { orders: [[{ ...order, status: 'Failed' }, order]] }],
    [
      'order o1 was Waiting and became Process',
      { orders: [[{ ...order, status: 'Waiting' }, { ...order, status: 'Process' }, order]] },
    ],
    ['payment o1 says 60, 10, 0, its ledger 60, 0, 0', { entries: [entry] }],
    [
      'payment o1 is Paid, due 50, and keeps 60',
      { entries: [entry], payments: [[{ ...payment, changed: 0 }]] },
    ],
    ['payment o1 is Failed, due 50, and keeps 50', { payments: [[{ ...failed, refunded: 0 }]] }],
    ['payment o1 was Failed and became Paid', { payments: [[failed, payment]] }],
    [
      'in 60 is not change 10 + refund 0 + Complete orders 0 + open 0',
      { orders: [[{ ...order, status: 'Failed' }]] },
    ],
    [
      'user u1 had credit for 101',
      {
        credits: [
          [
            { userId: 'u1', open: 101, version: 0 },
            { userId: 'u1', open: 0, version: 1 },
          ],
        ],
      },
    ],
    ['user u1 has credit for 50 and owes 0', { credits: [[{ userId: 'u1', open: 50, version: 0 }]] }],
    ['user u1 has credit for 0 and owes 50', { payments: [[pending]] }],
    ['in of pay/o1/1/1 is booked 2 times', { entries: [entry, entry, change] }],
    ['payment pay/o1/1/1 of 60 was succeeded and is booked 0 times', { entries: [change] }],
    ['payment pay/o1/1/1 of 60 was rejected and is booked 1 times', { paid: [paid] }],
    ['message welcome to u1: 1 due, 2 written', { messages: [...books.messages, message('welcome', 'u1')] }],
    ['message order-completed to u1: 1 due, 0 written', { messages: [message('welcome', 'u1')] }],
    ['message welcome u1 got its address twice', { messages: [...books.messages, addressed, addressed] }],
    ['message payment-due-soon to u1: 0 due, 1 written', { events: [] }],
    ...(
      [
        ['compensated', 'SENT', 1],
        ['completed', 'SENDING', 0],
        ['completed', 'SENT', 0],
        ['completed', 'SENT', 2],
        ['completed', 'UNDELIVERABLE', 1],
        ['completed', 'UNKNOWN', 2],
      ] as const
    ).map(
      ([end, status, sentCount]) =>
        [
          `message m1: its delivery ${end}, it is ${status}, and was sent ${sentCount} times`,
          { deliveries: [{ id: 'm1', end, status, sentCount }] },
        ] as const,
    ),
    [
      'message payment-refunded to u1: 1 due, 0 written',
      { events: [...books.events, { id: 'e2', template: 'payment-refunded', userId: 'u1' }] },
    ],
  ])('say: %s', (sentence, broken) => {
    expect(verdict({ ...books, ...broken })).toContain(sentence)
  })

  test('of a cancelled order with its money back say nothing', () => {
    const cancelled: Books = {
      ...books,
      sagas: books.sagas.map((one) => (one.plan === placeOrder.name ? { ...one, end: 'compensated' } : one)),
      orders: [[{ ...order, status: 'Failed' }]],
      payments: [[pending, payment, failed]],
      entries: [entry, change, refund],
      messages: [message('welcome', 'u1'), message('order-failed', 'u1'), message('payment-refunded', 'u1')],
      events: [{ id: 'e2', template: 'payment-refunded', userId: 'u1' }],
    }
    expect(verdict(cancelled)).toEqual([])
  })
})
