import { manualClock } from '@ensemble/memory'
import { expect, test } from 'vitest'

const never = (): AbortSignal => new AbortController().signal

test('sleepers wake at their own times, in order, and those who sleep again within the span too', async () => {
  const clock = manualClock(1000)
  const woken: string[] = []
  const sleeper = async (name: string, spans: readonly number[]): Promise<void> => {
    for (const ms of spans) {
      await clock.sleep(ms, never())
      woken.push(`${name} at ${clock.now()}`)
    }
  }
  void sleeper('a', [30, 30, 100])
  void sleeper('b', [20])
  void sleeper('c', [30])
  await clock.advance(70)
  expect(woken).toEqual(['b at 1020', 'a at 1030', 'c at 1030', 'a at 1060'])
  expect({ now: clock.now(), next: clock.nextAt() }).toEqual({ now: 1070, next: 1160 })
})

test('a sleeper wakes exactly at its time, not a millisecond before', async () => {
  const clock = manualClock(0)
  let isAwake = false
  void clock.sleep(10, never()).then(() => {
    isAwake = true
  })
  await clock.advance(9)
  expect(isAwake).toBe(false)
  await clock.advance(1)
  expect(isAwake).toBe(true)
})

test('an aborted sleep ends at once and is forgotten', async () => {
  const clock = manualClock(0)
  const controller = new AbortController()
  const asleep = clock.sleep(10, controller.signal)
  controller.abort()
  await asleep
  await clock.sleep(10, controller.signal)
  await clock.sleep(0, never())
  expect({ now: clock.now(), next: clock.nextAt() }).toEqual({ now: 0, next: null })
})
