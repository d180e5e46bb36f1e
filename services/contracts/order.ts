// Owns: what the order service offers and how its rows look from outside. No behaviour.
import { command, participant } from '@ensemble/core'
import * as z from 'zod'
import { ORDER_STATUS, ORDER_TYPE, PAYMENT_MODEL, PAYMENT_STATUS } from './lookups.ts'
import { AmountText, idIn, Moment, note, RowId, text, Uuid } from './values.ts'

const OrderNumber = text(100)

/**
 * Body of POST /v1/order and /v2/order. Without `payment_order` the amount is open: the first payment settles it.
 * Ids of lookups must exist; the services decide the statuses, whatever status ids say.
 */
export const OrderRequest = z.object({
  order_number: OrderNumber,
  uuid_user: Uuid,
  id_order_type: idIn(ORDER_TYPE),
  id_order_status: idIn(ORDER_STATUS).optional(),
  id_payment_status: idIn(PAYMENT_STATUS).optional(),
  id_payment_model: idIn(PAYMENT_MODEL),
  inquiry_number: note(100).optional(),
  nm_bank: note(100).optional(),
  payment_order: AmountText.optional().describe(
    'The amount due, whole currency units as digits; without it the first payment settles the order',
  ),
})
export type OrderRequest = z.infer<typeof OrderRequest>

/** Body of PUT order: only the number can change, and a body that names anything else is refused. */
export const OrderChanges = z.strictObject({ order_number: OrderNumber })
export type OrderChanges = z.infer<typeof OrderChanges>

/** An order as outcomes, events and history show it. */
export const OrderResult = z.object({
  uuid: Uuid,
  order_number: z.string(),
  uuid_user: Uuid,
  id_order_type: z.string(),
  id_order_status: z.string(),
  created_at: Moment,
  updated_at: Moment,
  deleted_at: Moment.nullable(),
})
export type OrderResult = z.infer<typeof OrderResult>

/** An order as reads show it. */
export const OrderRow = z.object({ id_order: z.string(), ...OrderResult.shape })
export type OrderRow = z.infer<typeof OrderRow>

const One = z.object({ orderId: Uuid })
export const UnknownOrder = z.object({ uuid_order: Uuid })
const DuplicateNumber = z.object({ order_number: z.string() })

export const order = participant('order', {
  open: command({
    input: z.object({
      orderId: Uuid,
      orderNumber: OrderNumber,
      userId: Uuid,
      orderTypeId: RowId,
      orderStatusId: RowId.nullable(),
    }),
    output: OrderResult,
    rejections: {
      duplicate_number: DuplicateNumber,
      unknown_type: z.object({ id_order_type: z.string() }),
      unknown_status: z.object({ id_order_status: z.string() }),
    },
    event: 'opened',
  }),
  /** Undoes `open`; null when there was nothing to undo. */
  fail: command({ input: One, output: OrderResult.nullable(), event: 'failed' }),
  complete: command({ input: One, output: OrderResult, event: 'completed' }),
  update: command({
    input: z.object({ orderId: Uuid, orderNumber: OrderNumber }),
    output: OrderResult,
    rejections: {
      unknown_order: UnknownOrder,
      order_closed: z.object({ uuid_order: Uuid, status: z.enum(['Complete', 'Failed']) }),
      duplicate_number: DuplicateNumber,
    },
    event: 'updated',
  }),
})

/** Published when an order's status follows its payment. Data: OrderResult. */
export const ORDER_STATUS_UPDATED = 'order.status-updated'
