// Both patterns leave the same, and a system in which they do not is found out.
import { alike, differing, generated } from '@ensemble/simulator'
import { expect, test } from 'vitest'
import { tokens } from './played.ts'

const TIMEOUT_MS = 60_000

test('the made-up system ends alike in both patterns', { timeout: TIMEOUT_MS }, async () => {
  const differences: string[] = []
  for (let seed = 1; seed <= 3; seed += 1) differences.push(...(await alike({ seed, subject: generated })))
  expect(differences).toEqual([])
})

test.each([
  ['a customer who pays beside the deadline of a saga', 598_116_650],
  ['whoever attends to what waits, beside that deadline', 800_000_170],
  ['a last try beside the deadline of its step', 800_001_109],
])('%s is no difference', { timeout: TIMEOUT_MS }, async (_what, seed) => {
  expect(await alike({ seed, subject: generated })).toEqual([])
})

test('a participant that decides by the pattern is found out', { timeout: TIMEOUT_MS }, async () => {
  const subject = tokens({ tears: (pattern) => pattern === 'choreography' })
  const [rows, story] = await alike({ seed: 1, subject })
  expect(rows).toContain('"isOut":true')
  expect(rows).toMatch(/^box token differs between the patterns: orchestrated .*, choreographed .*/)
  expect(story).toMatch(
    /^token\/\d+ differs between the patterns: orchestrated completed.*, choreographed compensated/,
  )
})

test('is told with one saga, in each pattern', { timeout: TIMEOUT_MS }, async () => {
  const subject = tokens({ tears: (pattern) => pattern === 'choreography' })
  const found = await differing({ seed: 1, subject, isOver: () => false })
  expect(found?.sagas).toHaveLength(1)
  expect(found?.differences[0]).toMatch(/^box token differs between the patterns/)
  const ends = found?.traces?.map(({ lines }) => lines.filter((line) => / sends token\./.test(line)).length)
  expect(ends).toEqual([1, 1])
})

test('nothing is told of what ends alike', { timeout: TIMEOUT_MS }, async () => {
  const subject = tokens({ tears: () => false })
  expect(await differing({ seed: 1, subject, isOver: () => false })).toBeNull()
})
