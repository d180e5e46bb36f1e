import { seededChance, seededIds } from '@ensemble/memory'
import { expect, test } from 'vitest'

const UUID_7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/

test('one seed gives the same ids, another gives others', () => {
  const of = (seed: number): string[] => {
    const ids = seededIds(seed)
    return Array.from({ length: 1000 }, () => ids.next())
  }
  const [first, again, other] = [of(1), of(1), of(2)]
  expect(again).toEqual(first)
  expect(new Set([...first, ...other]).size).toBe(2000)
  expect(first.toSorted()).toEqual(first)
  expect(first.filter((id) => !UUID_7.test(id))).toEqual([])
})

test('chance repeats for a seed and is spread over [0, 1)', () => {
  const of = (seed: number): number[] => {
    const chance = seededChance(seed)
    return Array.from({ length: 10_000 }, chance)
  }
  const numbers = of(5)
  expect(of(5)).toEqual(numbers)
  expect(of(6)).not.toEqual(numbers)
  expect(numbers.filter((one) => one < 0 || one >= 1)).toEqual([])
  const tenths = Array.from(
    { length: 10 },
    (_, tenth) => numbers.filter((one) => Math.floor(one * 10) === tenth).length,
  )
  expect(tenths.filter((count) => count < 900 || count > 1100)).toEqual([])
})
