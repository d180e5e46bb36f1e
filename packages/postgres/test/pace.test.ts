/** How long notices are gathered, by what has come lately. */
import { expect, test } from 'vitest'
import { Pace } from '../src/bus/pace.ts'

/** Messages come each millisecond; answers when notices went out. */
function notices(
  pace: Pace,
  { from = 0, ms, perMs }: { from?: number; ms: number; perMs: number },
): number[] {
  const times: number[] = []
  for (let now = from; now < from + ms; now += 1) {
    pace.add(perMs)
    if (pace.waitMs(now) > 0) continue
    pace.told(now)
    times.push(now)
  }
  return times
}

function gaps(times: readonly number[]): readonly number[] {
  return times.slice(1).map((time, index) => time - (times[index] ?? 0))
}

test('the first goes out at once', () => {
  expect(new Pace().waitMs(0)).toBe(0)
})

test('few messages are told of at once, one after the other', () => {
  const pace = new Pace()
  for (const now of [0, 4, 8, 12, 16]) {
    pace.add(2)
    expect(pace.waitMs(now)).toBe(0)
    pace.told(now)
  }
})

test.each([
  [5, 5],
  [20, 20],
  [100, 25],
])('given %i messages in a millisecond, then %i milliseconds lie between notices', (perMs, gapMs) => {
  expect(gaps(notices(new Pace(), { ms: 2_000, perMs })).at(-1)).toBe(gapMs)
})

test('after silence it is at once again, and after some notices of little so is the next', () => {
  const pace = new Pace()
  notices(pace, { ms: 2_000, perMs: 20 })
  pace.add(1)
  expect(pace.waitMs(3_000)).toBe(0)
  pace.told(3_000)
  pace.add(1)
  expect(pace.waitMs(3_001)).toBeGreaterThan(10)
  notices(pace, { from: 3_001, ms: 500, perMs: 0.1 })
  pace.add(1)
  expect(pace.waitMs(3_502)).toBe(0)
})

test('given a clock that was set back, then nobody waits for longer than between two notices', () => {
  const pace = new Pace()
  notices(pace, { from: 3_600_000, ms: 2_000, perMs: 100 })
  pace.add(1)
  expect(pace.waitMs(0)).toBe(25)
})
