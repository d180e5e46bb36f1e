// How long a process that ended rests before it is started again.
import { expect, test } from 'vitest'
import { pausesOf } from './child.ts'

const LONGEST = 1 - Number.EPSILON

test('pauses grow while it dies young, up to ten seconds, and are short again after a long life', () => {
  const pause = pausesOf(() => LONGEST)
  const young = Array.from({ length: 8 }, () => pause(19_999))
  expect([...young, pause(20_000), pause(0)]).toEqual([
    200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000, 200, 400,
  ])
})
