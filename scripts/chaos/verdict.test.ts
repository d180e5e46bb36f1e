// What is told of faults, and when a kill has cost too much.
import { expect, test } from 'vitest'
import type { Ended } from './moments.ts'
import type { Fault } from './nemesis.ts'
import { linesOf, tell } from './verdict.ts'

const KILL: Fault = {
  kind: 'kill one',
  victim: 'order-1',
  at: 1_000,
  moving: 1,
  recoveryMs: 2_340,
  againCount: 3,
}

function ended(because: unknown): Ended {
  const data = JSON.stringify({ uuid_order: 'a', because })
  return { saga: 'order.place/a', pattern: 'orchestration', status: 'compensated', data }
}

function heard(waitMs: number, because: unknown) {
  const waits = [{ saga: 'order.place/a', from: 900, to: 1_000 + waitMs }]
  return tell({ faults: [KILL], waits, ends: [ended(because)], delayMsMax: 7_000 })
}

const CANCELLED = { step: 'preparePayment', status: 'withdrawn', reason: 'customer' }

test('a wait that is short enough, of a saga that its customer cancelled, is no breach', () => {
  const told = heard(6_999, CANCELLED)
  expect(told.violations).toEqual([])
  expect(linesOf(told)).toEqual([
    'fault     victim   in flight  redelivered  recovery s  slowest s',
    'kill one  order-1          1            3         2.3        7.0',
    'longest stall: 7.1 s (order.place/a)',
  ])
})

test.each<[string, number, unknown, RegExp]>([
  ['it waited too long', 7_000, CANCELLED, /^delay: a saga waited 7000 ms when order-1 was killed/],
  [
    'a step failed',
    10,
    { step: 'verifyUser', status: 'faulted', reason: 'X' },
    /^failed: order.place\/a when/,
  ],
  ['nobody knows', 10, { step: 'openOrder', status: 'unknown' }, /^failed: /],
  ['a step was late', 10, { step: 'preparePayment', status: 'rejected', reason: 'expired' }, /^failed: /],
])('%s: it is named', (_title, waitMs, because, named) => {
  expect(heard(waitMs, because).violations).toEqual([expect.stringMatching(named)])
})

test('an order that nobody paid in time failed by a rule of the business', () => {
  expect(heard(10, { step: 'collectPayment', status: 'rejected', reason: 'expired' }).violations).toEqual([])
})
