// Crash points for real: a run comes through what the committed list says, and of the trials some survive, others each
// time. A failure names its seed: CRASHPOINTS_SEED=<seed> tries the same ones again; `npm run crashpoints` tries all.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { groundIn, type Ground } from '../runner/ground.ts'
import { drawn, pairs, runJobs, singles, type Job } from '../runner/jobs.ts'
import { checkedList, recorded, type Point } from '../runner/points.ts'

const SEED = process.env['CRASHPOINTS_SEED'] ?? String(Date.now() % 1_000_000)
const LANE_COUNT = 2

let ground: Ground
let points: readonly Point[]

beforeAll(async () => {
  ground = await groundIn()
  points = await recorded(ground)
})
afterAll(async () => await ground.end())

async function failuresOf(jobs: readonly Job[], count: number): Promise<readonly unknown[]> {
  const failures: unknown[] = []
  const chosen = drawn(jobs, { count, seed: SEED })
  await runJobs(ground, chosen, {
    laneCount: LANE_COUNT,
    onDone: ({ name }, { violations }) => {
      if (violations.length > 0) failures.push({ name, violations })
    },
  })
  process.stdout.write(`${chosen.length - failures.length}/${chosen.length} survived\n`)
  return failures
}

describe(`crash points, CRASHPOINTS_SEED=${SEED}`, () => {
  test('every call of a port that a run makes is in the list, and every one in the list is made', async () => {
    expect(await checkedList(ground, points)).toEqual([])
  })

  test('killed at a point, started again: every saga ends, nothing is there twice', async () => {
    expect(await failuresOf(singles(points, 'kill', SEED), 12)).toEqual([])
  })

  test('killed at a point, and again while it recovers', async () => {
    expect(await failuresOf(pairs(points), 3)).toEqual([])
  })

  test('stopped at a point: a second instance goes on, and what the first still writes loses', async () => {
    expect(await failuresOf(singles(points, 'stop', SEED), 4)).toEqual([])
  })
})
