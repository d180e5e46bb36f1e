// Owns: what the payment service offers, the events it publishes and how its rows look from outside. No behaviour.
import { command, participant } from '@ensemble/core'
import * as z from 'zod'
import { UnknownOrder } from './order.ts'
import { PAYMENT_MODEL, PAYMENT_STATUS } from './lookups.ts'
import { Amount, AmountPaid, idIn, Moment, note, RowId, Uuid } from './values.ts'

/** Body of PUT payment: `:uuid` names the order. `payment_status` is accepted and has no say: amounts decide. */
export const PayRequest = z.object({
  payment_total: AmountPaid.describe('What came in, whole currency units'),
  payment_status: note(100)
    .optional()
    .describe('Accepted and ignored: the server decides the status from the amounts'),
  bank_account_number: note(50).optional(),
})
export type PayRequest = z.infer<typeof PayRequest>

/** Body of POST payment: a payment for an order that names its owner and model, which must fit. */
export const PaymentRequest = z.object({
  uuid_order: Uuid,
  uuid_user: Uuid,
  id_payment_status: idIn(PAYMENT_STATUS).optional(),
  id_payment_model: idIn(PAYMENT_MODEL),
  inquiry_number: note(100).optional(),
  bank_account_number: note(50).optional(),
  nm_bank: note(100).optional(),
  payment_total: AmountPaid,
})
export type PaymentRequest = z.infer<typeof PaymentRequest>

/**
 * A payment as outcomes, events and history show it. `payment_order` is the amount due, null while it is open;
 * `payment_total` is what came in, `change_total` and `refund_total` what went back.
 */
export const PaymentResult = z.object({
  uuid: Uuid,
  uuid_order: Uuid,
  uuid_user: Uuid,
  id_payment_status: z.string(),
  id_payment_model: z.string(),
  inquiry_number: z.string(),
  bank_account_number: z.string(),
  nm_bank: z.string(),
  payment_total: z.int(),
  payment_order: z.int().nullable(),
  change_total: z.int(),
  refund_total: z.int(),
  due_date: Moment,
  created_at: Moment,
  updated_at: Moment,
  deleted_at: Moment.nullable(),
})
export type PaymentResult = z.infer<typeof PaymentResult>

/** A payment as reads show it. */
export const PaymentRow = z.object({ id_payment: z.string(), ...PaymentResult.shape })
export type PaymentRow = z.infer<typeof PaymentRow>

const One = z.object({ orderId: Uuid })

/** Data of the payment service's own timers. */
export const PaymentTimer = One

const Expired = z.object({ uuid_order: Uuid, due_date: Moment })
const Closed = z.object({ uuid_order: Uuid })

export const payment = participant('payment', {
  prepare: command({
    input: z.object({
      orderId: Uuid,
      userId: Uuid,
      paymentModelId: RowId,
      paymentStatusId: RowId.nullable(),
      amountDue: Amount.nullable(),
      inquiryNumber: note(100),
      bankName: note(100),
    }),
    output: PaymentResult,
    rejections: {
      unknown_model: z.object({ id_payment_model: z.string() }),
      unknown_status: z.object({ id_payment_status: z.string() }),
      /** Pay Later needs a known amount: an open one cannot be held against the limit. */
      amount_required: z.object({ id_payment_model: z.string() }),
      over_limit: z.object({ limit: z.int(), open_total: z.int(), payment_order: z.int() }),
    },
    event: 'prepared',
  }),
  /** Undoes `prepare`, with a refund of what came in; null when there was nothing to undo. */
  cancel: command({ input: One, output: PaymentResult.nullable(), event: 'cancelled' }),
  /** Succeeds when the customer has paid. */
  collect: command({
    input: One,
    output: PaymentResult,
    rejections: { expired: Expired, cancelled: Closed, unknown_order: UnknownOrder },
    deferred: true,
    event: 'collected',
  }),
  /** Does what the timer of the due date should have done; a payment that is not due, or closed, is left alone. */
  close: command({ input: One, event: 'closed' }),
  /** Money came in. Fields that are null are not compared. */
  pay: command({
    input: z.object({
      orderId: Uuid,
      amount: AmountPaid,
      bankAccountNumber: note(50),
      userId: Uuid.nullable(),
      paymentModelId: RowId.nullable(),
    }),
    output: PaymentResult,
    rejections: {
      unknown_order: UnknownOrder,
      settled: Closed,
      expired: Expired,
      cancelled: Closed,
      mismatch: z.object({ uuid_order: Uuid, field: z.enum(['uuid_user', 'id_payment_model']) }),
    },
    event: 'received',
  }),
})

/** Reminder: the payment is still due. Data: PaymentDueSoon. */
export const PAYMENT_DUE_SOON = 'payment.due-soon'
export const PaymentDueSoon = z.object({
  uuid_order: Uuid,
  uuid_user: Uuid,
  payment_order: z.int().nullable(),
  payment_total: z.int(),
  due_date: Moment,
})
export type PaymentDueSoon = z.infer<typeof PaymentDueSoon>

/** Money went back because the payment expired or was cancelled. Data: PaymentRefunded. */
export const PAYMENT_REFUNDED = 'payment.refunded'
export const PaymentRefunded = z.object({
  uuid_order: Uuid,
  uuid_user: Uuid,
  amount: z.int(),
  because: z.enum(['expired', 'cancelled']),
})
export type PaymentRefunded = z.infer<typeof PaymentRefunded>
