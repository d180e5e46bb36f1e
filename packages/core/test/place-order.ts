// Owns: a plan like the reference system's `order.place`, small enough to be read beside the tests that expect its
// decisions.
import { command, participant, query } from '../src/contract/contract.ts'
import { saga } from '../src/plan/plan.ts'
import { count, object, text } from './schemas.ts'

const OrderId = object({ orderId: text })

export const order = participant('order', {
  open: command({
    input: object({ orderId: text, userId: text, total: count }),
    output: object({ number: count }),
    rejections: { duplicate_number: object({ number: count }) },
    event: 'opened',
  }),
  fail: command({ input: OrderId, event: 'failed' }),
  complete: command({ input: OrderId, event: 'completed' }),
})

const user = participant('user', {
  verify: query({
    input: object({ userId: text }),
    output: object({ name: text }),
    rejections: { unknown_user: object({ userId: text }) },
    event: 'verified',
  }),
})

export const payment = participant('payment', {
  prepare: command({
    input: object({ orderId: text, total: count }),
    output: object({ paymentId: text }),
    rejections: { over_limit: object({ limit: count }) },
    event: 'prepared',
  }),
  cancel: command({ input: OrderId, event: 'cancelled' }),
  collect: command({
    input: OrderId,
    output: object({ paid: count }),
    rejections: { expired: OrderId },
    deferred: true,
    event: 'collected',
    version: 2,
  }),
})

const notification = participant('notification', {
  notify: command({ input: object({ userId: text, text }), event: 'sent' }),
})

export const placeOrder = saga('order.place', {
  version: 1,
  input: object({ orderId: text, userId: text, total: count }),
  within: '2d',
})
  .compensatable('openOrder', {
    run: order.open(({ input }) => ({ orderId: input.orderId, userId: input.userId, total: input.total })),
    undo: order.fail(({ input }) => ({ orderId: input.orderId })),
  })
  .check('verifyUser', { run: user.verify(({ input }) => ({ userId: input.userId })), within: '10s' })
  .compensatable('preparePayment', {
    run: payment.prepare(({ input }) => ({ orderId: input.orderId, total: input.total })),
    undo: payment.cancel(({ input }) => ({ orderId: input.orderId })),
    within: '30s',
  })
  .pivot('collectPayment', { run: payment.collect(({ input }) => ({ orderId: input.orderId })) })
  .retriable('completeOrder', { run: order.complete(({ input }) => ({ orderId: input.orderId })) })
  .retriable('notify', {
    run: notification.notify(({ input, results }) => ({
      userId: input.userId,
      text: `${results.verifyUser.name}, order ${results.openOrder.number} is paid`,
    })),
  })
  .end({
    completed: ({ input, results }) => ({ orderId: input.orderId, paid: results.collectPayment.paid }),
    compensated: ({ input, because }) => ({ orderId: input.orderId, reason: because.reason }),
  })

export const placeOrderInput = { orderId: 'o1', userId: 'u1', total: 100 }
