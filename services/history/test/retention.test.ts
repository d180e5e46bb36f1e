// Scenes: history forgets in time, in parts, and goes on after a failure.
import { manualClock } from '@ensemble/memory'
import { expect, test } from 'vitest'
import { keepRetention } from '../retention.ts'
import type { Stale } from '../storage.ts'
import { T0 } from './support.ts'

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000

test('given a retention, when an hour passes, then what is older goes, in parts, also after a failure', async () => {
  const clock = manualClock(T0)
  const asked: Stale[] = []
  const left = [200, 200, 7]
  const prune = async (stale: Stale): Promise<number> => {
    asked.push(stale)
    if (asked.length === 4) throw new Error('away')
    return left.shift() ?? 0
  }
  const stop = keepRetention({ prune }, { retentionMs: 30 * DAY_MS, clock })
  await clock.advance(HOUR_MS - 1)
  expect(asked.map(({ before }) => before)).toEqual(Array(3).fill(T0 - 30 * DAY_MS))
  await clock.advance(1)
  await clock.advance(HOUR_MS)
  expect(asked.length).toBe(5)
  await stop()
  await clock.advance(HOUR_MS)
  expect(asked.length).toBe(5)
})

// An hour's round once ended after 500 parts, and a busy history grew for ever.
test('given more than a round deleted once, then one round deletes all of it', async () => {
  const clock = manualClock(T0)
  let left = 501
  const prune = async ({ countMax }: Stale): Promise<number> => {
    left -= 1
    return left === 0 ? 0 : countMax
  }
  const stop = keepRetention({ prune }, { retentionMs: DAY_MS, clock })
  await clock.advance(HOUR_MS - 1)
  expect(left).toBe(0)
  await stop()
})

test('given none, then nothing is ever forgotten', async () => {
  const prune = () => Promise.reject(new Error('asked'))
  const clock = manualClock(T0)
  await keepRetention({ prune }, { retentionMs: null, clock })()
  expect(clock.nextAt()).toBeNull()
})
