import { describe, expect, test } from 'vitest'
import { violations } from './judge.ts'

const NOTHING = {
  complete: 0,
  failed: 0,
  pending: 0,
  prepared: 0,
  waiting: 0,
  paid: 0,
  cancelled: 0,
  ledger: 0,
  entries: 0,
  marks: 0,
}
const ends = { completed: 9, compensated: 1, running: 0 }
const after = { ...NOTHING, complete: 9, failed: 1, paid: 9, cancelled: 1, entries: 18 }
const ran = { steps: 4, ends, history: 0, waiting: 0 }

describe('the judgement', () => {
  test('nine done, one undone: all invariants hold', () => {
    expect(violations(after, ran)).toEqual([])
  })

  test.each([
    ['an order that nobody ended', { pending: 1 }, 'pending: 1, not 0'],
    ['money from nowhere', { ledger: 100 }, 'ledger: 100, not 0'],
    ['a charge twice', { entries: 20 }, 'entries: 20, not 18'],
    ['a payment for a failed order', { paid: 10 }, 'paid: 10, not 9'],
  ])('%s is found', (_what, wrong, word) => {
    expect(violations({ ...after, ...wrong }, ran)).toEqual([word])
  })

  test('a saga that did not end while its caller waited is found', () => {
    expect(violations(after, { ...ran, ends: { ...ends, running: 2 } })).toEqual(['2 sagas did not end'])
  })

  test.each([
    [1, { pending: 9, failed: 1, cancelled: 1 }],
    [2, { pending: 9, prepared: 9, failed: 1, cancelled: 1 }],
    [3, { pending: 9, paid: 9, failed: 1, cancelled: 1, entries: 18 }],
    [6, { ...after, marks: 18 }],
  ])('a saga of %i steps leaves what it came to', (steps, left) => {
    expect(violations({ ...NOTHING, ...left }, { ...ran, steps })).toEqual([])
  })

  test('copies that were there before count, too', () => {
    const found = { ...after, complete: 109, paid: 109, entries: 218, pending: 50, waiting: 50 }
    expect(violations(found, { ...ran, history: 100, waiting: 50 })).toEqual([])
  })
})
