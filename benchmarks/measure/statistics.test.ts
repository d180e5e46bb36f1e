import { array, assert, constantFrom, double, property } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Histogram, latenciesOf, median, slope, spread } from './statistics.ts'

function histogramOf(values: readonly number[]): Histogram {
  const histogram = new Histogram()
  for (const value of values) histogram.record(value)
  return histogram
}

describe('a histogram', () => {
  test('a percentile is within half a bucket of the value that sorting finds', () => {
    const values = array(double({ min: 0.01, max: 60_000, noNaN: true }), {
      minLength: 1,
      maxLength: 200,
    })
    assert(
      property(values, constantFrom(0.5, 0.9, 0.99, 1), (all, share) => {
        const exact = all.toSorted((a, b) => a - b)[Math.ceil(all.length * share) - 1] ?? 0
        const found = histogramOf(all).percentile(share)
        expect(Math.abs(found - exact)).toBeLessThanOrEqual(exact * 0.0101)
      }),
    )
  })

  test('of nothing says nothing', () => {
    expect(latenciesOf(new Histogram())).toEqual({ p50_ms: 0, p90_ms: 0, p99_ms: 0, max_ms: 0 })
  })

  test('values beyond its ends are kept at its ends, and the greatest is told as it was', () => {
    const histogram = histogramOf([0, 1e9])
    expect(histogram.count).toBe(2)
    expect(histogram.max).toBe(1e9)
    expect(histogram.percentile(1)).toBeLessThan(1e9)
  })
})

test('the median is the middle one, or between the two in the middle', () => {
  expect(median([3, 1, 2])).toBe(2)
  expect(median([4, 1, 3, 2])).toBe(2.5)
  expect(median([])).toBeNaN()
})

test('the spread is from the least to the most', () => {
  expect(spread([3, 1, 2])).toEqual([1, 3])
})

describe('the slope', () => {
  const line = (grows: number) => [0, 10, 20, 30].map((x) => ({ x, y: 5 + grows * x }))

  test('of a line is its own, whatever it stands on', () => {
    expect(slope(line(0))).toBeCloseTo(0)
    expect(slope(line(2.5))).toBeCloseTo(2.5)
    expect(slope(line(-1))).toBeCloseTo(-1)
  })

  test('of too few points, or of one moment, is not known', () => {
    expect(slope(line(1).slice(0, 2))).toBe(null)
    expect(slope([1, 2, 3].map((y) => ({ x: 1, y })))).toBe(null)
  })
})
