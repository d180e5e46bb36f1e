// Which waits a saga had, and which of them something that failed met.
import { expect, test } from 'vitest'
import { longestOf, waitingAt, waitsOf, type Decision } from './waits.ts'

const decision = (saga: string, seq: number, at: number, isDeferred = false): Decision => ({
  saga,
  seq,
  at,
  isDeferred,
})

const WAITS = waitsOf({
  decisions: [
    decision('paid', 1, 110),
    decision('paid', 2, 150, true),
    decision('paid', 3, 905),
    decision('unpaid', 1, 120),
    decision('unpaid', 2, 130, true),
    decision('unpaid', 3, 9_000),
  ],
  startedAt: new Map([
    ['paid', 100],
    ['unpaid', 100],
  ]),
  paidAt: new Map([['paid', 900]]),
})

test('waits begin with the start, and after a deferred outcome with the money', () => {
  expect(WAITS).toEqual([
    { saga: 'paid', from: 100, to: 110 },
    { saga: 'paid', from: 110, to: 150 },
    { saga: 'paid', from: 900, to: 905 },
    { saga: 'unpaid', from: 100, to: 120 },
    { saga: 'unpaid', from: 120, to: 130 },
  ])
  expect(longestOf(WAITS)).toEqual({ saga: 'paid', from: 110, to: 150 })
})

test.each([
  [105, ['paid', 'unpaid'], 15],
  [125, ['paid', 'unpaid'], 25],
  [500, [], 0],
  [904, ['paid'], 1],
])('at %d these waited: %j, the slowest %d ms longer', (at, sagas, delayMs) => {
  expect(waitingAt(WAITS, at)).toEqual({ sagas, delayMs })
})
