import { expect, test } from 'vitest'
import { UsageError } from '../measure/options.ts'
import { AMOUNT } from './customer.ts'
import { httpOptions } from './options.ts'
import { violations } from './run.ts'

test('nothing said: 64 customers for ten seconds, who wait for the answer', () => {
  expect(httpOptions([])).toEqual({
    seconds: 10,
    concurrency: 64,
    pattern: 'orchestration',
    look: 'wait',
    warmUp: 3,
    surge: 0,
  })
  expect(() => httpOptions(['--look', 'away'])).toThrow(UsageError)
})

test('every order is complete and paid exactly, or the run says what is not', () => {
  const found = { orders: 7, complete: 7, told: 7, running: 0, money_in: 7 * AMOUNT, money_out: 0 }
  expect(violations(found, 7)).toEqual([])
  expect(violations({ ...found, complete: 6, running: 1 }, 7)).toEqual([
    'complete: 6, not 7',
    'running: 1, not 0',
  ])
  expect(violations({ ...found, told: 6 }, 7)).toEqual(['told: 6, not 7'])
  expect(violations({ ...found, money_in: 8 * AMOUNT }, 7)).toEqual(['money_in: 800000, not 700000'])
})
