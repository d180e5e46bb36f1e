// Scenes: what events add to the documents of the v1 contract.
import { describe, expect, test } from 'vitest'
import type { Message } from '@ensemble/core'
import { ORDER_STATUS } from '@ensemble/service-contracts'
import { documentOf, entriesOf, type Action } from '../documents.ts'
import { batchOf } from '../storage.ts'
import { compensated, event, ORDER, placing, registering, T0, USER } from './support.ts'

/** The document after these messages, as a storage would keep it. */
function documentAfter(action: Action, uuid: string, messages: readonly Message[]) {
  const entries = batchOf(messages).entries.filter((entry) => entry.action === action && entry.uuid === uuid)
  const times = entries.map(({ at }) => at)
  const span = { createdAt: Math.min(...times), updatedAt: Math.max(...times) }
  return documentOf({ action, uuid, ...span, entryCount: entries.length, entries })
}

const user = { uuid: USER, first_name: 'Maya', email: 'maya@example.test' }
const order = { uuid: ORDER, order_number: '7/ord', id_order_status: ORDER_STATUS.Pending }
const paid = { uuid: ORDER, uuid_order: ORDER, payment_total: 100 }

describe('a user', () => {
  test('given a registration, when read, then one entry says success in the shape of the contract', () => {
    const registered = event('user.registered', user, { saga: registering })
    const verified = event('user.verified', { uuid_user: USER, first_name: 'Maya' }, { at: T0 + 9 })
    expect(documentAfter('users', USER, [registered, verified])).toEqual({
      __uuid: USER,
      __action: 'users',
      __offset: 0,
      history: [{ data: { code: '200', result: user } }],
      status: 'success',
      created_at: '2026-11-23T10:00:00.000Z',
      update_at: '2026-11-23T10:00:00.000Z',
    })
  })

  test('given a duplicate e-mail, when read, then the refusal and the end of the saga are told', () => {
    const data = { rejection: 'duplicate_email', data: { email: 'maya@example.test' } }
    const refused = event('user.register-rejected', data, { saga: registering })
    const because = {
      step: 'createUser',
      status: 'rejected',
      reason: 'duplicate_email',
      data: data.data,
    } as const
    const found = documentAfter('users', USER, [refused, compensated(registering, because, T0 + 5)])
    expect(found.status).toBe('failed')
    expect(found.history.map(({ data: entry }) => entry)).toEqual([
      {
        code: '400',
        error: {
          code: 'duplicate_email',
          message: 'user.register was rejected: duplicate_email',
          data: { email: 'maya@example.test' },
        },
      },
      {
        code: '400',
        error: {
          code: 'duplicate_email',
          message: "Step 'createUser' was rejected: duplicate_email",
          data: because,
        },
      },
    ])
  })

  test('given a login that was made, when read by its own uuid, then what the service told', () => {
    const login = { uuid: ORDER, uuid_user: USER, username: 'maya' }
    expect(documentAfter('users', ORDER, [event('user.login-created', login)])).toMatchObject({
      __action: 'users',
      history: [{ data: { code: '200', result: login } }],
      status: 'success',
    })
  })

  test('given a registration that was undone, or had nothing to undo, when read, then only the first is told', () => {
    expect(entriesOf(event('user.removed', user, { saga: registering }))).toMatchObject([
      { status: 'failed' },
    ])
    expect(entriesOf(event('user.removed', null, { saga: registering }))).toEqual([])
  })
})

describe('an order', () => {
  const opened = event('order.opened', order, { at: T0 })
  const process = event(
    'order.status-updated',
    { ...order, id_order_status: ORDER_STATUS.Process },
    { at: T0 + 1, id: 'p' },
  )
  const waiting = event(
    'order.status-updated',
    { ...order, id_order_status: ORDER_STATUS.Waiting },
    { at: T0 + 2, id: 'w' },
  )
  const completed = event(
    'order.completed',
    { ...order, id_order_status: ORDER_STATUS.Complete },
    { at: T0 + 2 },
  )

  test('given its events in any order and twice, when read, then the document is that of their times', () => {
    const inOrder = documentAfter('order', ORDER, [opened, process, completed])
    expect(inOrder.history.map(({ data }) => data.messages)).toEqual([
      'Insert Order Success',
      'Order Update Success',
      'Order Complete',
    ])
    expect([inOrder.status, inOrder.__offset]).toEqual(['success', 2])
    expect(documentAfter('order', ORDER, [completed, process, opened, process])).toEqual(inOrder)
  })

  test('given a step to Waiting that was or was not seen, when read, then the document is the same', () => {
    const without = documentAfter('order', ORDER, [opened, process, completed])
    expect(documentAfter('order', ORDER, [opened, process, waiting, completed])).toEqual(without)
  })

  test('given a saga that went back, when read, then the last entry names the step and the reason', () => {
    const because = {
      step: 'verifyUser',
      status: 'rejected',
      reason: 'unknown_user',
      data: { uuid_user: USER },
    } as const
    const failed = event('order.failed', { ...order, id_order_status: ORDER_STATUS.Failed }, { at: T0 + 7 })
    const found = documentAfter('order', ORDER, [compensated(placing, because, T0 + 7), failed, opened])
    expect(found.status).toBe('failed')
    expect(found.history.map(({ data }) => data.error ?? data.messages)).toEqual([
      'Insert Order Success',
      {
        code: 'failed',
        message: 'The order has failed.',
        data: { ...order, id_order_status: ORDER_STATUS.Failed },
      },
      { code: 'unknown_user', message: "Step 'verifyUser' was rejected: unknown_user", data: because },
    ])
  })

  test('given a fault, when read, then what it says of itself stays inside', () => {
    const error = { code: 'SQL', message: 'relation tb_orders does not exist' }
    const because = { step: 'openOrder', status: 'faulted', reason: 'SQL', data: error } as const
    const found = documentAfter('order', ORDER, [
      event('order.open-faulted', { error }),
      compensated(placing, because, T0 + 1),
    ])
    expect(found.history.map(({ data }) => data.error)).toEqual([
      { code: 'SQL', message: 'order.open was faulted: SQL', data: null },
      {
        code: 'SQL',
        message: "Step 'openOrder' was faulted: SQL",
        data: { step: 'openOrder', status: 'faulted', reason: 'SQL', data: null },
      },
    ])
  })
})

describe('a payment', () => {
  test('given money that settles it in one moment, when read, then it came in before it was collected', () => {
    const found = documentAfter('payment', ORDER, [
      event('payment.collected', paid, { at: T0 + 1, id: 'a' }),
      event('payment.received', paid, { at: T0 + 1, id: 'b' }),
      event('payment.prepared', paid, { id: 'c' }),
    ])
    expect(found.history.map(({ data }) => data.messages)).toEqual([
      'Payment Created',
      'Payment Received',
      'Payment Collected',
    ])
  })

  test('given a payment over HTTP, when read, then the id of its call finds it too', () => {
    const call = '7d444840-9dc0-41d1-b245-5ffdce74fad2'
    const received = event('payment.received', paid, { id: `http/${call}#answer`, saga: null })
    expect(entriesOf(received).map(({ action, uuid }) => ({ action, uuid }))).toEqual([
      { action: 'payment', uuid: ORDER },
      { action: 'payment', uuid: call },
    ])
  })

  test('given one that expired with money in, when read, then it failed and tells the refund', () => {
    const found = documentAfter('payment', ORDER, [
      event('payment.prepared', paid),
      event(
        'payment.collect-rejected',
        { rejection: 'expired', data: { uuid_order: ORDER } },
        { at: T0 + 1 },
      ),
      event('payment.refunded', { uuid_order: ORDER, amount: 5, because: 'expired' }, { at: T0 + 1 }),
      event('payment.cancelled', paid, { at: T0 + 2 }),
    ])
    expect(found.status).toBe('failed')
    expect(found.history.slice(1).map(({ data }) => data.error)).toMatchObject([
      { code: 'expired' },
      { code: 'refunded', data: { amount: 5 } },
      { code: 'cancelled' },
    ])
  })
})

test('given messages about nothing that has a document, when read, then they add nothing', () => {
  const messages = [
    event('payment.due-soon', { uuid_order: ORDER }),
    event('payment.collect-accepted', { until: 1 }),
    event('order.opened', { uuid: 'not a uuid' }),
    event('order.opened', null),
    event('notification.queued', { id: USER }),
  ]
  expect(messages.flatMap(entriesOf)).toEqual([])
})
