// Scenes about the plans: which steps they have, what each step is asked, and what they end with.
import type { Plan, PlanContext } from '@ensemble/core'
import { describe, expect, test } from 'vitest'
import { deliverMessage, placeOrder, registerUser } from '../index.ts'

const ORDER_ID = '091a9f65-d56c-4224-b3d7-a160a604ba4d'
const USER_ID = '89137028-0be0-466b-b97f-1b104ab8e092'

const input = {
  orderId: ORDER_ID,
  orderNumber: '7/ord',
  userId: USER_ID,
  orderTypeId: '545204885836038145',
  orderStatusId: null,
  paymentModelId: '545378075141898241',
  paymentStatusId: null,
  amountDue: 100_000,
  inquiryNumber: 'INQ-1',
  bankName: 'BANK',
}

const contact = {
  uuid_user: USER_ID,
  first_name: 'Maya',
  email: 'maya@example.test',
  handphone: '620000000001',
}
const results = {
  verifyUser: contact,
  collectPayment: { payment_order: 100_000, payment_total: 120_000, change_total: 20_000 },
  completeOrder: { uuid: ORDER_ID, order_number: '7/ord' },
}

function asked(
  plan: Pick<Plan, 'steps'>,
  step: string,
  context: PlanContext,
  direction: 'run' | 'undo' = 'run',
): unknown {
  return plan.steps.find(({ name }) => name === step)?.[direction]?.input(context)
}

describe('order.place', () => {
  test('given the plan, when read, then its steps stand in the order of the business', () => {
    expect(placeOrder.outline.split(';')).toEqual([
      'compensatable openOrder order.open undo order.fail',
      'check verifyUser user.verify',
      'compensatable preparePayment payment.prepare undo payment.cancel',
      'pivot collectPayment payment.collect',
      'retriable completeOrder order.complete',
      'retriable notify notification.send',
    ])
  })

  test('given an order, when each step is asked, then it is asked what it needs', () => {
    const context = { input, results }
    const { orderId, orderNumber, userId, orderTypeId, orderStatusId } = input
    expect(asked(placeOrder, 'openOrder', context)).toEqual({
      orderId,
      orderNumber,
      userId,
      orderTypeId,
      orderStatusId,
    })
    expect(asked(placeOrder, 'openOrder', context, 'undo')).toEqual({ orderId })
    expect(asked(placeOrder, 'verifyUser', context)).toEqual({ userId })
    expect(asked(placeOrder, 'preparePayment', context)).toEqual({
      orderId,
      userId,
      paymentModelId: '545378075141898241',
      paymentStatusId: null,
      amountDue: 100_000,
      inquiryNumber: 'INQ-1',
      bankName: 'BANK',
    })
    expect(asked(placeOrder, 'preparePayment', context, 'undo')).toEqual({ orderId })
    expect(asked(placeOrder, 'collectPayment', context)).toEqual({ orderId })
    expect(asked(placeOrder, 'completeOrder', context)).toEqual({ orderId })
    expect(asked(placeOrder, 'notify', context)).toEqual({
      template: 'order-completed',
      to: contact,
      data: { order_number: '7/ord', payment_order: '100000', change_total: '20000' },
    })
  })

  test('given both ends, when reached, then their data say what became of the order and why', () => {
    const because = { step: 'preparePayment', status: 'rejected' as const, reason: 'over_limit', data: null }
    expect(placeOrder.end.completed({ input, results })).toEqual({
      order: results.completeOrder,
      payment: results.collectPayment,
    })
    expect(placeOrder.end.compensated({ input, results: {}, because })).toEqual({
      uuid_order: ORDER_ID,
      uuid_user: USER_ID,
      order_number: '7/ord',
      because,
    })
  })
})

describe('user.register', () => {
  const profile = { firstName: 'Maya', email: 'maya@example.test' }
  const createUser = { uuid: USER_ID, ...contact, site_profil: `Maya-${USER_ID}` }

  test('given the plan, when read, then the welcome follows the user', () => {
    expect(registerUser.outline.split(';')).toEqual([
      'compensatable createUser user.register undo user.remove',
      'retriable welcome notification.send',
    ])
  })

  test('given a user, when each step is asked, then it is asked what it needs', () => {
    const context = { input: { userId: USER_ID, profile }, results: { createUser } }
    expect(asked(registerUser, 'createUser', context)).toEqual({ userId: USER_ID, profile })
    expect(asked(registerUser, 'createUser', context, 'undo')).toEqual({ userId: USER_ID })
    expect(asked(registerUser, 'welcome', context)).toEqual({
      template: 'welcome',
      to: contact,
      data: { site_profil: `Maya-${USER_ID}` },
    })
  })
})

test('notification.deliver: given a message, then its one step is asked for it, and tells how it ended', () => {
  const delivery = { messageId: ORDER_ID, round: 1 }
  const deliver = { messageId: ORDER_ID, status: 'SENT' }
  expect(deliverMessage.outline).toBe('retriable deliver notification.deliver')
  expect(asked(deliverMessage, 'deliver', { input: delivery, results: {} })).toEqual(delivery)
  expect(deliverMessage.end.completed({ input: delivery, results: { deliver } })).toEqual(deliver)
})
