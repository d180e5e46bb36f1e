// Scenes about one order: given a state, when a rule is asked, then the whole change.
import { rejected, succeeded } from '@ensemble/core'
import type { OrderStatus } from '@ensemble/service-contracts'
import { describe, expect, test } from 'vitest'
import { complete, fail, follow, open, resultOf, update, type OpenOrder, type Order } from '../order.ts'

const ORDER_ID = '1b8a6c1e-2f55-4d0e-8a59-6d3d7a0b9c11'
const USER_ID = '5f0c2a34-7a0e-4f0b-9a55-0d9f3a1c7e21'
const NOW = Date.parse('2024-03-01T09:30:00Z')
const LATER = NOW + 60_000

const input: OpenOrder = {
  orderId: ORDER_ID,
  orderNumber: '7/ord/sku/III/2024',
  userId: USER_ID,
  orderTypeId: '545204885836038145',
  orderStatusId: null,
}
const one = { orderId: ORDER_ID }
const numbered = `number:${USER_ID}:7/ord/sku/III/2024`

const pending: Order = {
  uuid: ORDER_ID,
  orderNumber: '7/ord/sku/III/2024',
  userId: USER_ID,
  type: 'SKU',
  status: 'Pending',
  createdAt: NOW,
  updatedAt: NOW,
  version: 0,
}

const free = { now: NOW, holder: () => null }
const later = { now: LATER, holder: () => null }
const taken = { now: LATER, holder: () => 'tb_orders/other' }

function at(status: OrderStatus): Order {
  return { ...pending, status }
}

function moved(status: OrderStatus): Order {
  return { ...pending, status, updatedAt: LATER }
}

describe('open', () => {
  test('given nothing, when opened, then it is Pending and its number claimed', () => {
    expect(open(undefined, input, free)).toEqual({
      outcome: succeeded({
        uuid: ORDER_ID,
        order_number: '7/ord/sku/III/2024',
        uuid_user: USER_ID,
        id_order_type: '545204885836038145',
        id_order_status: '545204998214516737',
        created_at: '2024-03-01T09:30:00.000Z',
        updated_at: '2024-03-01T09:30:00.000Z',
        deleted_at: null,
      }),
      state: pending,
      claim: [numbered],
    })
  })

  test('given a caller who wants Complete, when opened, then it is Pending all the same', () => {
    const change = open(undefined, { ...input, orderStatusId: '545347536856023041' }, free)
    expect(change.state).toEqual(pending)
  })

  test.each([
    [{ orderTypeId: '1' }, rejected('unknown_type', { id_order_type: '1' })],
    [{ orderStatusId: '2' }, rejected('unknown_status', { id_order_status: '2' })],
  ])('given %j, when opened, then rejected', (wrong, outcome) => {
    expect(open(undefined, { ...input, ...wrong }, free)).toEqual({ outcome })
  })

  test("given the number of the user's other order, when opened, then rejected", () => {
    const outcome = rejected('duplicate_number', { order_number: '7/ord/sku/III/2024' })
    expect(open(undefined, input, taken)).toEqual({ outcome })
  })

  test('given the order, when opened by another saga, then a fault', () => {
    expect(() => open(pending, input, free)).toThrow('exists already')
  })
})

describe('fail, the undo', () => {
  test('given nothing, when undone, then succeeded and no row', () => {
    expect(fail(undefined, one, later)).toEqual({ outcome: succeeded(null) })
  })

  test.each(['Pending', 'Process', 'Waiting'] as const)(
    'given %s, when undone, then Failed and the number free',
    (status) => {
      expect(fail(at(status), one, later)).toEqual({
        outcome: succeeded(resultOf(moved('Failed'))),
        state: moved('Failed'),
        release: [numbered],
      })
    },
  )

  test('given Failed, when undone again, then succeeded and nothing changed', () => {
    expect(fail(at('Failed'), one, later)).toEqual({ outcome: succeeded(resultOf(at('Failed'))) })
  })

  test('given Complete, when undone, then a fault that somebody sees', () => {
    expect(() => fail(at('Complete'), one, later)).toThrow('cannot fail')
  })
})

describe('complete', () => {
  test.each(['Pending', 'Process', 'Waiting'] as const)(
    'given %s, when completed, then Complete',
    (status) => {
      expect(complete(at(status), one, later)).toEqual({
        outcome: succeeded(resultOf(moved('Complete'))),
        state: moved('Complete'),
      })
    },
  )

  test('given Complete, when completed again, then succeeded and nothing changed', () => {
    expect(complete(at('Complete'), one, later)).toEqual({ outcome: succeeded(resultOf(at('Complete'))) })
  })

  test.each([undefined, at('Failed')])(
    'given %j, when completed, then a fault that somebody sees',
    (state) => {
      expect(() => complete(state, one, later)).toThrow('cannot be completed')
    },
  )
})

describe('following the payment', () => {
  const updated = (order: Order) => ({
    outcome: succeeded(),
    state: order,
    events: [{ name: 'order.status-updated', data: resultOf(order) }],
  })
  const unmoved = { outcome: succeeded() }

  test.each([
    ['Pending', 'Process', updated(moved('Process'))],
    ['Process', 'Process', unmoved],
    ['Waiting', 'Process', unmoved],
    ['Complete', 'Process', unmoved],
    ['Failed', 'Process', unmoved],
    ['Pending', 'Waiting', updated(moved('Waiting'))],
    ['Process', 'Waiting', updated(moved('Waiting'))],
    ['Waiting', 'Waiting', unmoved],
    ['Complete', 'Waiting', unmoved],
    ['Failed', 'Waiting', unmoved],
  ] as const)('given %s, when payment says %s, then only forward', (status, to, change) => {
    expect(follow(to)(at(status), {}, later)).toEqual(change)
  })

  test('given no order, when payment says something, then nothing', () => {
    expect(follow('Process')(undefined, {}, later)).toEqual(unmoved)
  })
})

describe('update', () => {
  const change = { orderId: ORDER_ID, orderNumber: '8/ord' }

  test('given an order that is not final, when renumbered, then the claim moves', () => {
    const state = { ...pending, orderNumber: '8/ord', updatedAt: LATER }
    expect(update(pending, change, later)).toEqual({
      outcome: succeeded(resultOf(state)),
      state,
      claim: [`number:${USER_ID}:8/ord`],
      release: [numbered],
    })
  })

  test('given its own number, when renumbered, then succeeded and nothing changed', () => {
    expect(update(pending, { ...change, orderNumber: pending.orderNumber }, taken)).toEqual({
      outcome: succeeded(resultOf(pending)),
    })
  })

  test('given a number in use, when renumbered, then rejected', () => {
    expect(update(pending, change, taken)).toEqual({
      outcome: rejected('duplicate_number', { order_number: '8/ord' }),
    })
  })

  test.each(['Complete', 'Failed'] as const)('given %s, when renumbered, then rejected', (status) => {
    expect(update(at(status), change, later)).toEqual({
      outcome: rejected('order_closed', { uuid_order: ORDER_ID, status }),
    })
  })

  test('given nothing, when renumbered, then unknown', () => {
    expect(update(undefined, change, later)).toEqual({
      outcome: rejected('unknown_order', { uuid_order: ORDER_ID }),
    })
  })
})
