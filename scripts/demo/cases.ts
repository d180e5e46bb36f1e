// Owns: the cases that the demo shows and the end-to-end tests compare, as data.
// Does not own: how a case is played (play.ts).
// I1: an act comes when the saga waits for money, so that both patterns meet it at the same point of their history.
import { PAYMENT_MODEL, type OrderStatus, type PaymentStatus } from '@ensemble/service-contracts'

export type Act = { readonly do: 'pay'; readonly amount: number } | { readonly do: 'cancel' }

export interface Ending {
  readonly order: OrderStatus
  /** `none`: there never was one. */
  readonly payment: PaymentStatus | 'none'
  /** Steps whose run succeeded, in order. */
  readonly steps: readonly string[]
  /** Steps that were undone, in order. */
  readonly undone: readonly string[]
  readonly money: { readonly in: number; readonly change: number; readonly refund: number }
}

export interface Case {
  readonly name: string
  readonly isUserKnown: boolean
  readonly paymentModel: string
  readonly amountDue: number
  readonly acts: readonly Act[]
  readonly ending: Ending
}

const AMOUNT = 100_000
/** Just over the default PAY_LATER_LIMIT. */
const OVER_LIMIT = 5_000_001

const ALL_STEPS = ['openOrder', 'verifyUser', 'preparePayment', 'collectPayment', 'completeOrder', 'notify']
const UNTIL_PAYMENT = ['openOrder', 'verifyUser', 'preparePayment']
const NO_MONEY = { in: 0, change: 0, refund: 0 }

const COMMON = { isUserKnown: true, paymentModel: PAYMENT_MODEL.Any, amountDue: AMOUNT, acts: [] }
const COMPLETE = { order: 'Complete', payment: 'Paid', steps: ALL_STEPS, undone: [] } as const
const UNDONE_FROM_PAYMENT = {
  order: 'Failed',
  payment: 'Failed',
  steps: UNTIL_PAYMENT,
  undone: ['preparePayment', 'openOrder'],
} as const

const pay = (amount: number): Act => ({ do: 'pay', amount })

export const CASES: readonly Case[] = [
  {
    ...COMMON,
    name: 'paid',
    acts: [pay(AMOUNT)],
    ending: { ...COMPLETE, money: { ...NO_MONEY, in: AMOUNT } },
  },
  {
    ...COMMON,
    name: 'unknown user',
    isUserKnown: false,
    ending: {
      order: 'Failed',
      payment: 'none',
      steps: ['openOrder'],
      undone: ['openOrder'],
      money: NO_MONEY,
    },
  },
  {
    ...COMMON,
    name: 'over the Pay Later limit',
    paymentModel: PAYMENT_MODEL['Pay Later'],
    amountDue: OVER_LIMIT,
    ending: {
      order: 'Failed',
      payment: 'none',
      steps: ['openOrder', 'verifyUser'],
      undone: ['openOrder'],
      money: NO_MONEY,
    },
  },
  {
    ...COMMON,
    name: 'underpaid, then paid',
    acts: [pay(40_000), pay(60_000)],
    ending: { ...COMPLETE, money: { ...NO_MONEY, in: AMOUNT } },
  },
  {
    ...COMMON,
    name: 'overpaid: change',
    acts: [pay(130_000)],
    ending: { ...COMPLETE, money: { ...NO_MONEY, in: 130_000, change: 30_000 } },
  },
  {
    ...COMMON,
    name: 'unpaid until due: refund',
    paymentModel: PAYMENT_MODEL['Pay Later'],
    acts: [pay(30_000)],
    ending: { ...UNDONE_FROM_PAYMENT, money: { ...NO_MONEY, in: 30_000, refund: 30_000 } },
  },
  {
    ...COMMON,
    name: 'cancelled',
    acts: [pay(10_000), { do: 'cancel' }],
    ending: { ...UNDONE_FROM_PAYMENT, money: { ...NO_MONEY, in: 10_000, refund: 10_000 } },
  },
]
