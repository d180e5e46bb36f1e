// A server's clock that jumps: the earliest that it has shown in the last ten milliseconds of the run, at 0, 10 and 20.
import { expect, test } from 'vitest'
import { Virtual } from './virtual.ts'
import { DatabaseServer } from '../src/database/server.ts'

test.each([
  ['a clock that only goes', [], [-10, 0, 10]],
  ['a jump forward counts when it is over', [[5, 100]], [-10, 0, 110]],
  ['a jump back counts at once', [[0, -100]], [-10, -100, -90]],
  [
    'a jump back and forth counts while it is in sight',
    [
      [0, -100],
      [5, 200],
    ],
    [-10, -100, 110],
  ],
] as const)('%s', async (_what, jumps, earliest) => {
  const { schedule } = new Virtual()
  const begin = schedule.now
  const server = new DatabaseServer({ name: 'all', schedule, isolation: 'read committed' })
  for (const [afterMs, byMs] of jumps) schedule.after(afterMs, () => server.jumpClock(byMs))
  const seen = [server.earliestIn(10) - begin]
  for (const untilMs of [10, 20]) {
    await schedule.run(begin + untilMs)
    seen.push(server.earliestIn(10) - begin)
  }
  expect(seen).toEqual(earliest)
})
