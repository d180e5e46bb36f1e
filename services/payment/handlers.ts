// Owns: which rule answers which request and timer of the payment contract, and which credit it needs. Decides nothing.
import { aggregate, implement, type Entries, type Implementation, type Rows } from '@ensemble/runtime'
import { nameIn, payment, PAYMENT_MODEL, PaymentTimer } from '@ensemble/service-contracts'
import * as rules from './payment.ts'
import { creditHeld, EXPIRE_TIMER, REMIND_TIMER } from './payment.ts'
import type { Credit, Payment, PaymentEntry, PaymentTerms } from './payment.ts'

export interface PaymentTables {
  readonly payments: Rows<Payment>
  readonly credits: Rows<Credit>
  readonly entries: Entries<PaymentEntry>
}

export function paymentImplementation(tables: PaymentTables, terms: PaymentTerms): Implementation {
  const payments = aggregate<Payment, { credit: Credit }, PaymentEntry>({
    rows: tables.payments,
    related: { credit: tables.credits },
    entries: tables.entries,
  })
  const key = ({ orderId }: { readonly orderId: string }): string => orderId
  const needs = (_input: unknown, state: Payment | undefined) =>
    state !== undefined && creditHeld(state) > 0 ? { related: { credit: state.userId } } : {}
  return implement(
    payment,
    {
      prepare: payments.on(payment.prepare, {
        key,
        needs: ({ paymentModelId, userId }) =>
          nameIn(PAYMENT_MODEL, paymentModelId) === 'Pay Later' ? { related: { credit: userId } } : {},
        decide: rules.prepare(terms),
      }),
      cancel: payments.on(payment.cancel, { key, needs, decide: rules.cancel }),
      collect: payments.on(payment.collect, { key, needs, decide: rules.collect, withdraw: rules.withdraw }),
      close: payments.on(payment.close, { key, needs, decide: rules.expire }),
      pay: payments.on(payment.pay, { key, needs, decide: rules.pay }),
    },
    {
      timers: [
        payments.timer(EXPIRE_TIMER, PaymentTimer, { key, needs, decide: rules.expire }),
        payments.timer(REMIND_TIMER, PaymentTimer, { key, decide: rules.remind }),
      ],
    },
  )
}
