import { expect, test } from 'vitest'
import { CASES } from './cases.ts'
import type { Played } from './play.ts'
import { isAsExpected, tableOf } from './table.ts'

const cancelled = CASES.find(({ name }) => name === 'cancelled')

function playedAs(change: Partial<Played['ending']>): Played {
  if (cancelled === undefined) throw new RangeError('no such case')
  const ending = { ...cancelled.ending, ...change }
  return { case: cancelled, pattern: 'choreography', user: '', order: '', ending, milliseconds: 1_293 }
}

test('a case that ended as it should is said so', () => {
  expect(isAsExpected(playedAs({}))).toBe(true)
  expect(tableOf([playedAs({})])).toBe(
    [
      'case       pattern       order   payment  steps  undone steps                 ms  as expected',
      '---------  ------------  ------  -------  -----  -------------------------  ----  -----------',
      'cancelled  choreography  Failed  Failed       3  preparePayment, openOrder  1293  yes',
    ].join('\n'),
  )
})

test.each<Partial<Played['ending']>>([
  { order: 'Complete' },
  { payment: 'none' },
  { steps: [] },
  { undone: ['openOrder', 'preparePayment'] },
  { money: { in: 10_000, change: 0, refund: 0 } },
])('a case that ended otherwise is not: %o', (change) => {
  expect(isAsExpected(playedAs(change))).toBe(false)
  expect(tableOf([playedAs(change)])).toMatch(/ NO$/)
})
