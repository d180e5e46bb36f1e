// Scenes about preparing, paying and collecting: given a state, when a rule is asked, then the whole change.
import { deferred, rejected, succeeded } from '@ensemble/core'
import { describe, expect, test } from 'vitest'
import { collect, pay, prepare, resultOf, type Payment } from '../payment.ts'
import {
  cancelled,
  COLLECT,
  context,
  DAY_MS,
  DUE_AT,
  expired,
  LATER,
  NOW,
  one,
  ORDER_ID,
  owing,
  paid,
  part,
  PAY_LATER,
  paying,
  payLater,
  pending,
  preparing,
  terms,
  TRANSFER,
  USER_ID,
  waiting,
} from './support.ts'

const timers = [
  { name: 'payment.remind', at: NOW + 0.75 * DAY_MS, data: one },
  { name: 'payment.expire', at: DUE_AT, data: one },
]

describe('prepare', () => {
  test('given nothing, when prepared, then it is Pending, reminded at three quarters and due in a day', () => {
    expect(prepare(terms)(undefined, preparing, context(NOW))).toEqual({
      outcome: succeeded({
        uuid: ORDER_ID,
        uuid_order: ORDER_ID,
        uuid_user: USER_ID,
        id_payment_status: '545251911757463553',
        id_payment_model: TRANSFER,
        inquiry_number: 'INQ-1',
        bank_account_number: '',
        nm_bank: 'BANK',
        payment_total: 0,
        payment_order: 100_000,
        change_total: 0,
        refund_total: 0,
        due_date: '2024-03-02T09:30:00.000Z',
        created_at: '2024-03-01T09:30:00.000Z',
        updated_at: '2024-03-01T09:30:00.000Z',
        deleted_at: null,
      }),
      state: pending,
      timers,
    })
  })

  test('given an open amount, when prepared, then it waits for the first payment to settle it', () => {
    const state = { ...pending, amountDue: null }
    expect(prepare(terms)(undefined, { ...preparing, amountDue: null }, context(NOW))).toEqual({
      outcome: succeeded(resultOf(state)),
      state,
      timers,
    })
  })

  test('given nothing to pay, when prepared, then it is Paid and nothing is due', () => {
    const state: Payment = { ...pending, amountDue: 0, status: 'Paid' }
    expect(prepare(terms)(undefined, { ...preparing, amountDue: 0 }, context(NOW))).toEqual({
      outcome: succeeded(resultOf(state)),
      state,
    })
  })

  test('given a caller who wants Paid, when prepared, then it is Pending all the same', () => {
    const wanting = { ...preparing, paymentStatusId: '545251911825653761' }
    expect(prepare(terms)(undefined, wanting, context(NOW)).state).toEqual(pending)
  })

  test.each([
    [{ paymentModelId: '1' }, rejected('unknown_model', { id_payment_model: '1' })],
    [{ paymentStatusId: '2' }, rejected('unknown_status', { id_payment_status: '2' })],
    [
      { paymentModelId: PAY_LATER, amountDue: null },
      rejected('amount_required', { id_payment_model: PAY_LATER }),
    ],
  ])('given %j, when prepared, then rejected', (wrong, outcome) => {
    expect(prepare(terms)(undefined, { ...preparing, ...wrong }, context(NOW))).toEqual({ outcome })
  })

  test('given the payment, when prepared by another saga, then a fault', () => {
    expect(() => prepare(terms)(pending, preparing, context(NOW))).toThrow('exists already')
  })
})

describe('prepare on Pay Later', () => {
  const later = { ...preparing, paymentModelId: PAY_LATER }

  test('given a user who owes nothing, when prepared, then the amount is held', () => {
    expect(prepare(terms)(undefined, later, context(NOW))).toEqual({
      outcome: succeeded(resultOf(payLater)),
      state: payLater,
      related: { credit: { userId: USER_ID, open: 100_000, version: 0 } },
      timers,
    })
  })

  test('given a debt that leaves just enough, when prepared, then the limit is reached', () => {
    const change = prepare(terms)(undefined, later, context(NOW, owing(4_900_000)))
    expect(change.related).toEqual({ credit: { userId: USER_ID, open: 5_000_000, version: 3 } })
  })

  test('given one unit more, when prepared, then rejected and nothing held', () => {
    expect(prepare(terms)(undefined, later, context(NOW, owing(4_900_001)))).toEqual({
      outcome: rejected('over_limit', { limit: 5_000_000, open_total: 4_900_001, payment_order: 100_000 }),
    })
  })
})

describe('pay', () => {
  const entry = { paymentId: ORDER_ID, operation: 'op', bankAccountNumber: '1234567890', at: LATER }

  test('given a part, when paid, then it waits for the rest', () => {
    const state: Payment = {
      ...pending,
      status: 'Waiting',
      received: 40_000,
      bankAccountNumber: '1234567890',
      updatedAt: LATER,
    }
    expect(pay(pending, paying(40_000), context(LATER, waiting))).toEqual({
      outcome: succeeded(resultOf(state)),
      state,
      entries: [{ ...entry, kind: 'in', amount: 40_000 }],
    })
  })

  test('given the rest and more, when paid, then Paid, change booked and the collection answered', () => {
    const state: Payment = {
      ...part,
      status: 'Paid',
      received: 110_000,
      changed: 10_000,
      bankAccountNumber: '1234567890',
      updatedAt: LATER,
    }
    expect(pay(part, paying(70_000), context(LATER, waiting))).toEqual({
      outcome: succeeded(resultOf(state)),
      state,
      entries: [
        { ...entry, kind: 'in', amount: 70_000 },
        { ...entry, kind: 'change', amount: 10_000 },
      ],
      settlements: [{ operation: COLLECT, outcome: succeeded(resultOf(state)) }],
    })
  })

  test('given an open amount, when paid, then the payment is the amount', () => {
    const state: Payment = {
      ...pending,
      amountDue: 100_000,
      status: 'Paid',
      received: 100_000,
      bankAccountNumber: '1234567890',
      updatedAt: LATER,
    }
    expect(pay({ ...pending, amountDue: null }, paying(100_000), context())).toEqual({
      outcome: succeeded(resultOf(state)),
      state,
      entries: [{ ...entry, kind: 'in', amount: 100_000 }],
      settlements: [],
    })
  })

  test('given no bank account, when paid, then the one known stays', () => {
    const change = pay(part, paying(1, { bankAccountNumber: '' }), context())
    expect(change.state?.bankAccountNumber).toBe('77')
    expect(change.entries).toEqual([{ ...entry, kind: 'in', amount: 1, bankAccountNumber: '77' }])
  })

  test('given Pay Later, when a part is paid, then the whole amount stays held', () => {
    expect(pay(payLater, paying(40_000), context(LATER, owing(100_000))).related).toBeUndefined()
  })

  test('given Pay Later, when all is paid, then the credit is free', () => {
    expect(pay(payLater, paying(100_000), context(LATER, owing(300_000))).related).toEqual({
      credit: { userId: USER_ID, open: 200_000, version: 3 },
    })
  })

  const closed = { uuid_order: ORDER_ID }
  const overdue = rejected('expired', { uuid_order: ORDER_ID, due_date: '2024-03-02T09:30:00.000Z' })

  test.each([
    ['nothing', undefined, LATER, rejected('unknown_order', closed)],
    ['a paid one', paid, LATER, rejected('settled', closed)],
    ['an expired one', expired, LATER, overdue],
    ['a cancelled one', cancelled, LATER, rejected('cancelled', closed)],
    ['one that is due now, its timer late', part, DUE_AT, overdue],
  ] as const)('given %s, when paid, then rejected and nothing booked', (_what, state, now, outcome) => {
    expect(pay(state, paying(5), context(now))).toEqual({ outcome })
  })

  test('given a moment before it is due, when paid, then it counts', () => {
    expect(pay(part, paying(60_000), context(DUE_AT - 1)).state?.status).toBe('Paid')
  })

  test.each([
    [{ userId: ORDER_ID }, 'uuid_user'],
    [{ paymentModelId: PAY_LATER }, 'id_payment_model'],
  ])('given %j that does not fit, when paid, then rejected', (named, field) => {
    expect(pay(pending, paying(5, named), context())).toEqual({
      outcome: rejected('mismatch', { uuid_order: ORDER_ID, field }),
    })
  })

  test('given what fits, when paid, then it counts', () => {
    const named = { userId: USER_ID, paymentModelId: TRANSFER }
    expect(pay(pending, paying(5, named), context()).state?.received).toBe(5)
  })
})

describe('collect', () => {
  test.each([
    ['Pending', pending, deferred({ until: DUE_AT })],
    ['Waiting', part, deferred({ until: DUE_AT })],
    ['Paid', paid, succeeded(resultOf(paid))],
    ['expired', expired, rejected('expired', { uuid_order: ORDER_ID, due_date: '2024-03-02T09:30:00.000Z' })],
    ['cancelled', cancelled, rejected('cancelled', { uuid_order: ORDER_ID })],
    ['nothing', undefined, rejected('unknown_order', { uuid_order: ORDER_ID })],
  ] as const)('given %s, when collected, then that is the answer', (_what, state, outcome) => {
    expect(collect(state, one)).toEqual({ outcome })
  })
})
