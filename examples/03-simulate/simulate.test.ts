import { run, type Subject } from '@ensemble/simulator'
import { describe, expect, it, test } from 'vitest'
import { subject as right } from './right.ts'
import { subject as trips } from './trips.ts'
import { subject as wrong } from './wrong.ts'

/** A run takes some 50 milliseconds, on a busy machine a second. */
const TIMEOUT_MS = 60_000

/** What is found wrong in the seeds from 1 on, until something is. */
async function found(
  subject: Subject,
  { seeds, ...only }: { readonly seeds: number; readonly sagas?: ReadonlySet<number> },
): Promise<readonly string[]> {
  for (let seed = 1; seed <= seeds; seed += 1) {
    const { violations } = await run({ seed, subject, ...only })
    if (violations.length > 0) return violations
  }
  return []
}

describe('the hasty sale', { timeout: TIMEOUT_MS }, () => {
  it('passes as long as nobody else buys', async () => {
    expect(await found(wrong, { seeds: 5, sagas: new Set([1]) })).toEqual([])
  })

  it('is caught when sales of one customer meet', async () => {
    expect(await found(wrong, { seeds: 40 })).toContainEqual(
      expect.stringMatching(/^(?:ann|bob) owes \d+, at most 100 are allowed$/),
    )
  })
})

test('the corrected sale passes', { timeout: TIMEOUT_MS }, async () => {
  expect(await found(right, { seeds: 10 })).toEqual([])
})

test('the first example passes', { timeout: TIMEOUT_MS }, async () => {
  expect(await found(trips, { seeds: 5 })).toEqual([])
})
