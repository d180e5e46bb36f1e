// Owns: the plan of an order, from opening it to telling the customer. Runnable either way.
// The saga's id is the order's uuid.
import { saga } from '@ensemble/core'
import * as z from 'zod'
import { notification } from '../notification.ts'
import { order } from '../order.ts'
import type { OrderRequest } from '../order.ts'
import { payment } from '../payment.ts'
import { user } from '../user.ts'
import { Amount, note, RowId, text, Uuid } from '../values.ts'

export const PlaceOrder = z.object({
  orderId: Uuid,
  orderNumber: text(100),
  userId: Uuid,
  orderTypeId: RowId,
  orderStatusId: RowId.nullable(),
  paymentModelId: RowId,
  paymentStatusId: RowId.nullable(),
  /** Null: open, the first payment settles it. */
  amountDue: Amount.nullable(),
  inquiryNumber: note(100),
  bankName: note(100),
})
export type PlaceOrder = z.infer<typeof PlaceOrder>

/** What `order.place` starts with, from a request's body. */
export function placeOrderInput(orderId: string, request: OrderRequest): PlaceOrder {
  return {
    orderId,
    orderNumber: request.order_number,
    userId: request.uuid_user,
    orderTypeId: request.id_order_type,
    orderStatusId: request.id_order_status ?? null,
    paymentModelId: request.id_payment_model,
    paymentStatusId: request.id_payment_status ?? null,
    amountDue: request.payment_order === undefined ? null : Number(request.payment_order),
    inquiryNumber: request.inquiry_number ?? '',
    bankName: request.nm_bank ?? '',
  }
}

export const placeOrder = saga('order.place', { version: 1, input: PlaceOrder })
  .compensatable('openOrder', {
    run: order.open(({ input: { orderId, orderNumber, userId, orderTypeId, orderStatusId } }) => ({
      orderId,
      orderNumber,
      userId,
      orderTypeId,
      orderStatusId,
    })),
    undo: order.fail(({ input }) => ({ orderId: input.orderId })),
  })
  .check('verifyUser', { run: user.verify(({ input }) => ({ userId: input.userId })) })
  .compensatable('preparePayment', {
    run: payment.prepare(({ input }) => ({
      orderId: input.orderId,
      userId: input.userId,
      paymentModelId: input.paymentModelId,
      paymentStatusId: input.paymentStatusId,
      amountDue: input.amountDue,
      inquiryNumber: input.inquiryNumber,
      bankName: input.bankName,
    })),
    undo: payment.cancel(({ input }) => ({ orderId: input.orderId })),
    within: '30s',
  })
  .pivot('collectPayment', { run: payment.collect(({ input }) => ({ orderId: input.orderId })) })
  .retriable('completeOrder', { run: order.complete(({ input }) => ({ orderId: input.orderId })) })
  .retriable('notify', {
    run: notification.send(({ results }) => ({
      template: 'order-completed',
      to: results.verifyUser,
      data: {
        order_number: results.completeOrder.order_number,
        payment_order: String(results.collectPayment.payment_order ?? results.collectPayment.payment_total),
        change_total: String(results.collectPayment.change_total),
      },
    })),
  })
  .end({
    completed: ({ results }) => ({ order: results.completeOrder, payment: results.collectPayment }),
    compensated: ({ input, because }) => ({
      uuid_order: input.orderId,
      uuid_user: input.userId,
      order_number: input.orderNumber,
      because,
    }),
  })

const Because = z.object({ step: z.string(), status: z.string(), reason: z.string(), data: z.unknown() })

/** Data of the event `order.place.compensated`: whom to tell, and why. */
export const OrderNotPlaced = z.object({
  uuid_order: Uuid,
  uuid_user: Uuid,
  order_number: z.string(),
  because: Because,
})
export type OrderNotPlaced = z.infer<typeof OrderNotPlaced>
