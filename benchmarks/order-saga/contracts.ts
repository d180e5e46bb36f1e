// Owns: the work that is measured, the order saga: an order row is opened, a payment row prepared and charged (two
// ledger rows that sum to zero), the order completed. A part of the sagas is refused at the charge and undone.
import { command, participant, saga, type Pattern, type Plan } from '@ensemble/core'
import * as z from 'zod'

const Id = z.object({ id: z.string() })
const Priced = z.object({ id: z.string(), total: z.number().int() })
const Charge = z.object({ id: z.string(), total: z.number().int(), refused: z.boolean() })

export const orders = participant('orders', {
  open: command({ input: Priced, event: 'opened' }),
  fail: command({ input: Id, event: 'failed' }),
  complete: command({ input: Id, event: 'completed' }),
})

export const payments = participant('payments', {
  prepare: command({ input: Priced, event: 'prepared' }),
  cancel: command({ input: Id, event: 'cancelled' }),
  charge: command({ input: Charge, rejections: { declined: Id }, event: 'charged' }),
})

export const OrderSaga = Charge
export type OrderSaga = z.infer<typeof OrderSaga>

/** The system that is measured runs one pattern, so its plan says so. */
export const orderSagaIn = (pattern: Pattern): Plan<OrderSaga> =>
  saga('bench.order', { version: 1, input: OrderSaga, pattern })
    .compensatable('open', {
      run: orders.open(({ input: { id, total } }) => ({ id, total })),
      undo: orders.fail(({ input: { id } }) => ({ id })),
    })
    .compensatable('prepare', {
      run: payments.prepare(({ input: { id, total } }) => ({ id, total })),
      undo: payments.cancel(({ input: { id } }) => ({ id })),
    })
    .pivot('charge', { run: payments.charge(({ input }) => input) })
    .retriable('complete', { run: orders.complete(({ input: { id } }) => ({ id })) })
    .end()
