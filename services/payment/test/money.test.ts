// Owns: the money invariant, for any sequence of what can happen to payments of one user.
// I1: in = change + refund + kept by paid ones + open.   I2: the credit is the sum of what open Pay Later payments
// hold, and
// never over the limit.   I3: the row's sums are the ledger's.   I4: a failed payment takes and keeps nothing.
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Change } from '@ensemble/runtime'
import { cancel, collect, creditHeld, expire, isOpen, pay, prepare, withdraw } from '../payment.ts'
import type { Credit, Payment, PaymentEntry } from '../payment.ts'
import { COLLECT, DAY_MS, NOW, PAY_LATER, paying, preparing, TRANSFER, USER_ID } from './support.ts'

const terms = { dueInMs: DAY_MS, payLaterLimit: 500 }
const ORDERS = ['a', 'b', 'c']

interface World {
  now: number
  readonly payments: Map<string, Payment>
  credit: Credit | undefined
  readonly ledger: PaymentEntry[]
  readonly collecting: Set<string>
}

type Act =
  | { do: 'prepare'; order: string; amountDue: number | null; isLater: boolean }
  | { do: 'pay'; order: string; amount: number }
  | { do: 'collect' | 'withdraw' | 'cancel' | 'expire'; order: string }
  | { do: 'wait'; ms: number }

const order = fc.constantFrom(...ORDERS)
const act: fc.Arbitrary<Act> = fc.oneof(
  fc.record({
    do: fc.constant('prepare' as const),
    order,
    amountDue: fc.option(fc.nat(300), { freq: 5 }),
    isLater: fc.boolean(),
  }),
  fc.record({ do: fc.constant('pay' as const), order, amount: fc.integer({ min: 1, max: 300 }) }),
  fc.record({ do: fc.constantFrom('collect', 'withdraw', 'cancel', 'expire'), order }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.nat(DAY_MS) }),
)

function play(world: World, one: Act, operation: string): void {
  if (one.do === 'wait') {
    world.now += one.ms
    return
  }
  const state = world.payments.get(one.order)
  const deferred = world.collecting.has(one.order) ? [{ operation: COLLECT, request: 'collect' }] : []
  const context = { now: world.now, operation, related: { credit: world.credit }, deferred }
  const input = { orderId: one.order }
  switch (one.do) {
    case 'prepare': {
      if (state !== undefined) return
      const paymentModelId = one.isLater ? PAY_LATER : TRANSFER
      const asked = { ...preparing, ...input, amountDue: one.amountDue, paymentModelId }
      return apply(world, one.order, prepare(terms)(undefined, asked, context))
    }
    case 'pay':
      return apply(world, one.order, pay(state, paying(one.amount, input), context))
    case 'collect':
      if (collect(state, input).outcome.status === 'deferred') world.collecting.add(one.order)
      return
    case 'withdraw':
      if (deferred.length === 0) return
      world.collecting.delete(one.order)
      return apply(world, one.order, withdraw(state, input, context))
    case 'cancel':
      return apply(world, one.order, cancel(state, input, context))
    case 'expire':
      return apply(world, one.order, expire(state, input, context))
    default:
      return one satisfies never
  }
}

function apply(
  world: World,
  key: string,
  change: Change<Payment, { credit: Credit }, PaymentEntry, unknown>,
): void {
  if (change.state !== undefined) world.payments.set(key, change.state)
  if (change.related?.credit !== undefined) world.credit = change.related.credit
  world.ledger.push(...(change.entries ?? []))
  for (const { operation } of change.settlements ?? [])
    if (operation === COLLECT) world.collecting.delete(key)
}

function booked(entries: readonly PaymentEntry[], kind: PaymentEntry['kind']): number {
  return sum(entries.filter((entry) => entry.kind === kind).map(({ amount }) => amount))
}

function sum(amounts: readonly number[]): number {
  return amounts.reduce((total, amount) => total + amount, 0)
}

function judge({ payments, ledger, credit, collecting }: World): void {
  const all = [...payments.values()]
  const kept = sum(
    all.filter(({ status }) => status === 'Paid').map(({ amountDue }) => amountDue ?? Number.NaN),
  )
  const open = sum(all.filter(isOpen).map(({ received }) => received))
  expect(booked(ledger, 'in')).toBe(booked(ledger, 'change') + booked(ledger, 'refund') + kept + open)
  expect(credit?.open ?? 0).toBe(sum(all.map(creditHeld)))
  expect(credit?.open ?? 0).toBeLessThanOrEqual(terms.payLaterLimit)
  for (const [key, payment] of payments) {
    const own = ledger.filter(({ paymentId }) => paymentId === key)
    const { received, changed, refunded, userId } = payment
    const sums = {
      received: booked(own, 'in'),
      changed: booked(own, 'change'),
      refunded: booked(own, 'refund'),
    }
    expect({ received, changed, refunded, userId }).toEqual({ ...sums, userId: USER_ID })
  }
  const failed = all.filter(({ status }) => status === 'Failed')
  expect(failed.filter(({ received, changed, refunded }) => received !== changed + refunded)).toEqual([])
  const closed = all.filter((payment) => !isOpen(payment))
  expect(closed.filter(({ uuid }) => collecting.has(uuid))).toEqual([])
}

test('given any sequence of acts, when played, then money and credit add up after each', () => {
  fc.assert(
    fc.property(fc.array(act, { maxLength: 40 }), (acts) => {
      const world: World = {
        now: NOW,
        payments: new Map(),
        credit: undefined,
        ledger: [],
        collecting: new Set(),
      }
      acts.forEach((one, index) => {
        play(world, one, `op-${index}`)
        judge(world)
      })
    }),
    { numRuns: 400 },
  )
})
