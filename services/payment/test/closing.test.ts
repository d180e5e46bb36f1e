// Scenes about a payment that comes to nothing: cancelled, withdrawn, expired; and the reminder before.
import { rejected, succeeded } from '@ensemble/core'
import { describe, expect, test } from 'vitest'
import { cancel, expire, remind, resultOf, withdraw, type Payment } from '../payment.ts'
import {
  cancelled,
  COLLECT,
  context,
  DUE_AT,
  expired,
  LATER,
  one,
  ORDER_ID,
  owing,
  paid,
  part,
  payLater,
  pending,
  USER_ID,
  waiting,
} from './support.ts'

function refund(amount: number, because: 'expired' | 'cancelled', at: number, bankAccountNumber = '77') {
  return {
    entries: [{ paymentId: ORDER_ID, kind: 'refund', amount, operation: 'op', bankAccountNumber, at }],
    events: [
      { name: 'payment.refunded', data: { uuid_order: ORDER_ID, uuid_user: USER_ID, amount, because } },
    ],
  }
}

const failed = (state: Payment, because: 'expired' | 'cancelled', at: number): Payment => ({
  ...state,
  status: 'Failed',
  because,
  refunded: state.received - state.changed,
  updatedAt: at,
})

describe('cancel, the undo', () => {
  test('given nothing, when undone, then succeeded and no row', () => {
    expect(cancel(undefined, one, context())).toEqual({ outcome: succeeded(null) })
  })

  test('given no money in, when undone, then Failed without a refund', () => {
    const state = failed(pending, 'cancelled', LATER)
    expect(cancel(pending, one, context())).toEqual({
      outcome: succeeded(resultOf(state)),
      state,
      settlements: [],
    })
  })

  test('given money in, when undone, then it goes back', () => {
    const state = failed(part, 'cancelled', LATER)
    expect(cancel(part, one, context())).toEqual({
      outcome: succeeded(resultOf(state)),
      state,
      settlements: [],
      ...refund(40_000, 'cancelled', LATER),
    })
  })

  test('given it was paid before anybody collected, when undone, then what it kept goes back', () => {
    const state = failed(paid, 'cancelled', LATER)
    expect(cancel(paid, one, context())).toEqual({
      outcome: succeeded(resultOf(state)),
      state,
      settlements: [],
      ...refund(100_000, 'cancelled', LATER, ''),
    })
  })

  test('given Pay Later, when undone, then the credit is free', () => {
    expect(cancel(payLater, one, context(LATER, owing(100_000))).related).toEqual({
      credit: { userId: USER_ID, open: 0, version: 3 },
    })
  })

  test('given a collection that still waits, when undone, then it hears so', () => {
    expect(cancel(pending, one, context(LATER, waiting)).settlements).toEqual([
      { operation: COLLECT, outcome: rejected('cancelled', { uuid_order: ORDER_ID }) },
    ])
  })

  test.each([expired, cancelled])('given %j, when undone, then succeeded and nothing changed', (state) => {
    expect(cancel(state, one, context())).toEqual({ outcome: succeeded(resultOf(state)) })
  })

  test('given Pay Later whose credit row is lost, when undone, then a fault that somebody sees', () => {
    expect(() => cancel(payLater, one, context())).toThrow('holds credit')
  })
})

describe('withdraw of a collection', () => {
  const withdrawn = { status: 'withdrawn' }

  test('given money in, when withdrawn, then it closes at once and the money goes back', () => {
    expect(withdraw(part, one, context(LATER, waiting))).toEqual({
      outcome: withdrawn,
      state: failed(part, 'cancelled', LATER),
      ...refund(40_000, 'cancelled', LATER),
    })
  })

  test('given it is paid, when withdrawn, then the payment wins', () => {
    expect(withdraw(paid, one, context())).toEqual({ outcome: succeeded(resultOf(paid)) })
  })

  test.each([undefined, expired, cancelled])(
    'given %j, when withdrawn, then withdrawn and nothing changed',
    (state) => {
      expect(withdraw(state, one, context())).toEqual({ outcome: withdrawn })
    },
  )
})

describe('expire', () => {
  test('given money in and a collection, when due, then Failed, refunded and the collection hears so', () => {
    const due = { uuid_order: ORDER_ID, due_date: '2024-03-02T09:30:00.000Z' }
    expect(expire(part, one, context(DUE_AT, waiting))).toEqual({
      outcome: succeeded(),
      state: failed(part, 'expired', DUE_AT),
      settlements: [{ operation: COLLECT, outcome: rejected('expired', due) }],
      ...refund(40_000, 'expired', DUE_AT),
    })
  })

  test('given Pay Later, when due, then the credit is free', () => {
    expect(expire(payLater, one, context(DUE_AT, owing(250_000))).related).toEqual({
      credit: { userId: USER_ID, open: 150_000, version: 3 },
    })
  })

  test('given a timer that comes early, when it rings, then it is set again', () => {
    expect(expire(pending, one, context(DUE_AT - 1))).toEqual({
      outcome: succeeded(),
      timers: [{ name: 'payment.expire', at: DUE_AT, data: one }],
    })
  })

  test.each([undefined, paid, expired, cancelled])('given %j, when due, then nothing', (state) => {
    expect(expire(state, one, context(DUE_AT))).toEqual({ outcome: succeeded() })
  })
})

describe('remind', () => {
  test('given a part, when reminded, then what is still due is told', () => {
    expect(remind(part, one, context())).toEqual({
      outcome: succeeded(),
      events: [
        {
          name: 'payment.due-soon',
          data: {
            uuid_order: ORDER_ID,
            uuid_user: USER_ID,
            payment_order: 100_000,
            payment_total: 40_000,
            due_date: '2024-03-02T09:30:00.000Z',
          },
        },
      ],
    })
  })

  test.each([undefined, paid, expired, cancelled])('given %j, when reminded, then nothing', (state) => {
    expect(remind(state, one, context())).toEqual({ outcome: succeeded() })
  })

  test('given a reminder that comes after the due date, when it rings, then nothing', () => {
    expect(remind(pending, one, context(DUE_AT))).toEqual({ outcome: succeeded() })
  })
})
