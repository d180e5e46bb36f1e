// Owns: the payment that the scenes are about, and the context that a rule is called in.
import type { AggregateContext } from '@ensemble/runtime'
import type { Credit, Payment, PaymentTerms, PayOrder, PreparePayment } from '../payment.ts'

export const ORDER_ID = '1b8a6c1e-2f55-4d0e-8a59-6d3d7a0b9c11'
export const USER_ID = '5f0c2a34-7a0e-4f0b-9a55-0d9f3a1c7e21'
export const TRANSFER = '545378075141898241'
export const PAY_LATER = '545378075266842625'

export const DAY_MS = 86_400_000
export const NOW = Date.parse('2024-03-01T09:30:00Z')
export const DUE_AT = NOW + DAY_MS
export const LATER = NOW + 60_000

export const terms: PaymentTerms = { dueInMs: DAY_MS, payLaterLimit: 5_000_000 }
export const one = { orderId: ORDER_ID }

export const preparing: PreparePayment = {
  orderId: ORDER_ID,
  userId: USER_ID,
  paymentModelId: TRANSFER,
  paymentStatusId: null,
  amountDue: 100_000,
  inquiryNumber: 'INQ-1',
  bankName: 'BANK',
}

export const pending: Payment = {
  uuid: ORDER_ID,
  userId: USER_ID,
  model: 'Transfer',
  status: 'Pending',
  because: null,
  inquiryNumber: 'INQ-1',
  bankName: 'BANK',
  bankAccountNumber: '',
  amountDue: 100_000,
  received: 0,
  changed: 0,
  refunded: 0,
  dueAt: DUE_AT,
  createdAt: NOW,
  updatedAt: NOW,
  version: 0,
}

export const paid: Payment = { ...pending, status: 'Paid', received: 120_000, changed: 20_000 }
export const part: Payment = { ...pending, status: 'Waiting', received: 40_000, bankAccountNumber: '77' }
export const expired: Payment = { ...pending, status: 'Failed', because: 'expired' }
export const cancelled: Payment = { ...pending, status: 'Failed', because: 'cancelled' }
export const payLater: Payment = { ...pending, model: 'Pay Later' }

export function paying(amount: number, more: Partial<PayOrder> = {}): PayOrder {
  return {
    orderId: ORDER_ID,
    amount,
    bankAccountNumber: '1234567890',
    userId: null,
    paymentModelId: null,
    ...more,
  }
}

type Context = Pick<
  AggregateContext<{ readonly credit: Credit }>,
  'now' | 'operation' | 'related' | 'deferred'
>

export function context(now = LATER, more: Partial<Context> = {}): Context {
  return { now, operation: 'op', related: { credit: undefined }, deferred: [], ...more }
}

/** The saga's collection waits. */
export const COLLECT = `order.place/${ORDER_ID}/collectPayment/run`
export const waiting = { deferred: [{ operation: COLLECT, request: 'collect' }] }

export function owing(open: number): Partial<Context> {
  return { related: { credit: { userId: USER_ID, open, version: 3 } } }
}
