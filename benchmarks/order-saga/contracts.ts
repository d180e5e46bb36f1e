// Owns: the work that is measured, the order saga: an order row is opened, a payment row prepared and charged (two
// ledger rows that sum to zero), the order completed. A part of the sagas is refused at the charge and undone.
// Shorter ones end earlier, longer ones have marks before the charge; a saga that waits is one that waits to be paid.
import { command, participant, saga, type Pattern, type Plan } from '@ensemble/core'
import * as z from 'zod'

const Id = z.object({ id: z.string() })
/** `note` is as long as somebody wants to measure; it is sent and stored. */
const Priced = z.object({ id: z.string(), total: z.number().int(), note: z.string() })
const Charge = z.object({ id: z.string(), total: z.number().int(), refused: z.boolean() })

export const orders = participant('orders', {
  open: command({ input: Priced, event: 'opened' }),
  fail: command({ input: Id, event: 'failed' }),
  mark: command({ input: Id, event: 'marked' }),
  unmark: command({ input: Id, event: 'unmarked' }),
  complete: command({ input: Id, event: 'completed' }),
})

export const payments = participant('payments', {
  prepare: command({ input: Priced, event: 'prepared' }),
  cancel: command({ input: Id, event: 'cancelled' }),
  mark: command({ input: Id, event: 'marked' }),
  unmark: command({ input: Id, event: 'unmarked' }),
  charge: command({ input: Charge, rejections: { declined: Id }, event: 'charged' }),
  collect: command({ input: Id, event: 'collected', deferred: true }),
})

export const OrderSaga = z.object({ ...Priced.shape, refused: z.boolean() })
export type OrderSaga = z.infer<typeof OrderSaga>

interface Given {
  readonly input: OrderSaga
}

const idOf = ({ input: { id } }: Given) => ({ id })
const pricedOf = ({ input: { id, total, note } }: Given) => ({ id, total, note })
const chargeOf = ({ input: { id, total, refused } }: Given) => ({ id, total, refused })

const open = { run: orders.open(pricedOf), undo: orders.fail(idOf) }
const prepare = { run: payments.prepare(pricedOf), undo: payments.cancel(idOf) }
const markOrder = { run: orders.mark(idOf), undo: orders.unmark(idOf) }
const markPayment = { run: payments.mark(idOf), undo: payments.unmark(idOf) }
const charge = { run: payments.charge(chargeOf) }
const complete = { run: orders.complete(idOf) }

/** The system that is measured runs one pattern, so its plans say so. */
function plansBySteps(pattern: Pattern): readonly Plan<OrderSaga>[] {
  const opened = saga('bench.order', { version: 1, input: OrderSaga, pattern }).compensatable('open', open)
  const prepared = opened.compensatable('prepare', prepare)
  const marked1 = prepared.compensatable('mark1', markOrder)
  const marked2 = marked1.compensatable('mark2', markPayment)
  const marked3 = marked2.compensatable('mark3', markOrder)
  const marked4 = marked3.compensatable('mark4', markPayment)
  return [
    opened.end(),
    prepared.end(),
    prepared.pipelined.pivot('charge', charge).end(),
    prepared.pipelined.pivot('charge', charge).retriable('complete', complete).end(),
    marked1.pivot('charge', charge).retriable('complete', complete).end(),
    marked2.pivot('charge', charge).retriable('complete', complete).end(),
    marked3.pivot('charge', charge).retriable('complete', complete).end(),
    marked4.pivot('charge', charge).retriable('complete', complete).end(),
  ]
}

/** The order saga itself. */
export const STEPS_WHOLE = 4
export const STEPS_MAX = 8
/** A saga this short has no charge, so none can be refused. */
export const STEPS_TO_CHARGE = 3

export function orderSagaIn(pattern: Pattern, steps: number): Plan<OrderSaga> {
  const plan = plansBySteps(pattern)[steps - 1]
  if (plan === undefined) throw new RangeError(`1 to ${STEPS_MAX} steps, not ${steps}`)
  return plan
}

/** Waits for a payment that never comes. */
export function waitingSagaIn(pattern: Pattern): Plan<OrderSaga> {
  return saga('bench.waiting', { version: 1, input: OrderSaga, pattern })
    .compensatable('open', open)
    .compensatable('prepare', prepare)
    .pivot('collect', { run: payments.collect(idOf) })
    .retriable('complete', complete)
    .end()
}
