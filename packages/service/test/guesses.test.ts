// Scenes about wrong passwords: how long a name rests after how many of them.
import { expect, test } from 'vitest'
import { FAILURES_FREE_MAX, REST_MS_MAX, restMs } from '../src/guesses.ts'

const NOW = Date.parse('2024-03-01T09:30:00Z')
const MINUTE = 60_000

test.each([
  [1, 0],
  [FAILURES_FREE_MAX, 0],
  [FAILURES_FREE_MAX + 1, MINUTE],
  [FAILURES_FREE_MAX + 2, 2 * MINUTE],
  [FAILURES_FREE_MAX + 4, 8 * MINUTE],
  [FAILURES_FREE_MAX + 5, REST_MS_MAX],
  [1_000_000, REST_MS_MAX],
])(
  'given %i wrong passwords in a row, when the next comes at once, then the name rests %i ms',
  (failures, ms) => {
    expect(restMs({ failures, failedAt: NOW }, NOW)).toBe(ms)
  },
)

test('given a name that rests, when time passes, then it rests less, and not for ever', () => {
  const guesses = { failures: FAILURES_FREE_MAX + 1, failedAt: NOW }
  expect(restMs(guesses, NOW + 59_999)).toBe(1)
  expect(restMs(guesses, NOW + MINUTE)).toBe(0)
  expect(restMs(guesses, NOW + 10 * MINUTE)).toBe(0)
})

test('given no wrong password, when one comes, then there is no rest', () => {
  expect(restMs(undefined, NOW)).toBe(0)
})
