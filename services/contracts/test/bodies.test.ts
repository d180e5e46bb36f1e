// Scenes about the bodies of requests: what is accepted as it is, what is refused, and where.
import { check, type Schema } from '@ensemble/core'
import { describe, expect, test } from 'vitest'
import {
  OrderChanges,
  OrderRequest,
  PaymentRequest,
  placeOrderInput,
  PayRequest,
  profileChangesOf,
  profileOf,
  UserChanges,
  UserRequest,
} from '../index.ts'

const README_USER = {
  first_name: 'test',
  last_name: 'ting',
  email: 'mail11@testing.com',
  handphone: '6281247930699',
  address: 'Address',
  city: 'city',
  province: 'province',
  district: 'district',
}

const README_ORDER = {
  order_number: '001/ord/sku/IV/2020',
  uuid_user: '89137028-0be0-466b-b97f-1b104ab8e092',
  id_order_type: '545204885836038145',
  id_payment_model: '545204998214516737',
}

const README_PAY = { payment_total: 100_000, payment_status: 'Paid', bank_account_number: '1234567890' }

function fieldsRefused(schema: Schema, body: unknown): readonly string[] {
  const checked = check(schema, body)
  return checked.ok ? [] : checked.problems.map((problem) => problem.split(':')[0] ?? problem)
}

describe("the README's own bodies", () => {
  test('given the user of the README, when checked, then it passes unchanged', () => {
    expect(check(UserRequest, README_USER)).toEqual({ ok: true, value: README_USER })
  })

  test('given the order of the README, when checked, then it starts a saga with an open amount', () => {
    const order = OrderRequest.parse(README_ORDER)
    expect(placeOrderInput('091a9f65-d56c-4224-b3d7-a160a604ba4d', order)).toEqual({
      orderId: '091a9f65-d56c-4224-b3d7-a160a604ba4d',
      orderNumber: '001/ord/sku/IV/2020',
      userId: '89137028-0be0-466b-b97f-1b104ab8e092',
      orderTypeId: '545204885836038145',
      orderStatusId: null,
      paymentModelId: '545204998214516737',
      paymentStatusId: null,
      amountDue: null,
      inquiryNumber: '',
      bankName: '',
    })
  })

  test('given the payment of the README, when checked, then it passes unchanged', () => {
    expect(check(PayRequest, README_PAY)).toEqual({ ok: true, value: README_PAY })
  })
})

describe('user bodies', () => {
  test.each([
    ['first_name', ''],
    ['first_name', '   '],
    ['first_name', 'x'.repeat(51)],
    ['last_name', 'x'.repeat(51)],
    ['email', 'nobody'],
    ['email', `${'x'.repeat(96)}@a.id`],
    ['handphone', '12'],
    ['handphone', '62 812 479'],
    ['handphone', '+62812479306999'],
    ['handphone', 6281247930699],
    ['address', undefined],
    ['city', 'x'.repeat(101)],
  ])('given %s %j, when checked, then that field alone is refused', (field, value) => {
    expect(fieldsRefused(UserRequest, { ...README_USER, [field]: value })).toEqual([field])
  })

  test('given only what the table needs, when made a profile, then the rest is null', () => {
    const body = UserRequest.parse({
      first_name: ' Maya ',
      email: 'm@x.id',
      handphone: '08123456789',
      address: 'Street 1',
    })
    expect(profileOf(body)).toEqual({
      firstName: 'Maya',
      lastName: null,
      email: 'm@x.id',
      handphone: '08123456789',
      address: 'Street 1',
      city: null,
      province: null,
      district: null,
    })
  })

  test('given changes, when checked, then at least one known field is needed', () => {
    expect(fieldsRefused(UserChanges, {})).toHaveLength(1)
    expect(fieldsRefused(UserChanges, { id_roles: '1' })).not.toEqual([])
    expect(profileChangesOf(UserChanges.parse({ city: null, email: 'n@x.id' }))).toEqual({
      city: null,
      email: 'n@x.id',
    })
  })
})

describe('order and payment bodies', () => {
  test.each([
    ['order_number', ''],
    ['order_number', 'x'.repeat(101)],
    ['uuid_user', 'maya'],
    ['id_order_type', 5452],
    ['id_order_type', '9223372036854775808'],
    ['id_payment_model', '-1'],
    ['id_payment_model', undefined],
    ['payment_order', '-5'],
    ['payment_order', '1.5'],
    ['payment_order', ''],
    ['payment_order', 100000],
    ['payment_order', '1000000000000'],
  ])('given an order with %s %j, when checked, then that field alone is refused', (field, value) => {
    expect(fieldsRefused(OrderRequest, { ...README_ORDER, [field]: value })).toEqual([field])
  })

  test.each(['0', '100000', '999999999999'])(
    'given payment_order %j, when checked, then it passes',
    (amount) => {
      expect(fieldsRefused(OrderRequest, { ...README_ORDER, payment_order: amount })).toEqual([])
    },
  )

  test.each([0, -1, 1.5, '100000', 1_000_000_000_000, null])(
    'given payment_total %j, when checked, then it is refused',
    (amount) => {
      expect(fieldsRefused(PayRequest, { ...README_PAY, payment_total: amount })).toEqual(['payment_total'])
    },
  )

  test('given a change of an order that names more than its number, when checked, then it is refused', () => {
    expect(fieldsRefused(OrderChanges, { order_number: '7' })).toEqual([])
    expect(fieldsRefused(OrderChanges, { order_number: '7', id_order_status: '1' })).not.toEqual([])
  })

  test('given a payment without its order, when checked, then it is refused', () => {
    const body = {
      uuid_user: README_ORDER.uuid_user,
      id_payment_model: '545204998214516737',
      payment_total: 5,
    }
    expect(fieldsRefused(PaymentRequest, body)).toEqual(['uuid_order'])
  })

  test('given a uuid in capitals, when checked, then it has its one spelling', () => {
    const body = OrderRequest.parse({ ...README_ORDER, uuid_user: README_ORDER.uuid_user.toUpperCase() })
    expect(body.uuid_user).toBe(README_ORDER.uuid_user)
  })
})

describe('what is wrong is said once, in words', () => {
  test.each([1e30, -1e30])(
    'given %d for an amount, when checked, then its own bound alone is named',
    (amount) => {
      const issues = PayRequest.safeParse({ ...README_PAY, payment_total: amount }).error?.issues
      const bound =
        amount > 0 ? { code: 'too_big', maximum: 999_999_999_999 } : { code: 'too_small', minimum: 1 }
      expect(issues).toEqual([expect.objectContaining({ path: ['payment_total'], ...bound })])
    },
  )

  test('given letters for a phone number, when checked, then the fix is an example', () => {
    expect(UserRequest.safeParse({ ...README_USER, handphone: 'none' }).error?.issues).toEqual([
      expect.objectContaining({
        path: ['handphone'],
        message: 'is not a phone number',
        params: { fix: 'send digits with an optional +, 7 to 14 characters, such as +6281247930699' },
      }),
    ])
  })
})
