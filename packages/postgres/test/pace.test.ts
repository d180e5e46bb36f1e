/** How long notices are gathered, by what has come lately. */
import { expect, test } from 'vitest'
import { Pace } from '../src/bus/pace.ts'

/** Messages come each millisecond, from then on; answers how long the last one of the notices waited. */
function load(pace: Pace, { from, ms, perMs }: { from: number; ms: number; perMs: number }): number {
  let dueAt: number | null = null
  let waited = 0
  for (let now = from; now < from + ms; now += 1) {
    pace.add(perMs)
    if (dueAt === null) {
      waited = pace.waitMs(now)
      dueAt = now + waited
    }
    if (now < dueAt) continue
    pace.told(now)
    dueAt = null
  }
  return waited
}

test('the first goes out at once', () => {
  expect(new Pace().waitMs(0)).toBe(0)
})

test('few messages are told of at once, one after the other', () => {
  const pace = new Pace()
  for (const now of [0, 4, 8, 12, 16]) {
    pace.add(3)
    expect(pace.waitMs(now)).toBe(0)
    pace.told(now)
  }
})

test.each([
  [1, 0],
  [5, 6],
  [11, 15],
  [100, 25],
])('given %i messages in a millisecond, then a notice waits for %i milliseconds', (perMs, waitMs) => {
  expect(load(new Pace(), { from: 0, ms: 2_000, perMs })).toBeCloseTo(waitMs, 5)
})

test('after silence it is at once again', () => {
  const pace = new Pace()
  load(pace, { from: 0, ms: 2_000, perMs: 11 })
  pace.add(1)
  expect(pace.waitMs(2_010)).toBeGreaterThan(10)
  expect(pace.waitMs(2_200)).toBe(0)
})

test('given a clock that was set back, then nothing is expected', () => {
  const pace = new Pace()
  load(pace, { from: 3_600_000, ms: 2_000, perMs: 100 })
  expect(pace.waitMs(0)).toBe(0)
})
