// Scenes: the server's time between two answers of it.
import { describe, expect, test } from 'vitest'
import { ServerTime } from '../src/database/server-time.ts'

const SERVER = 5_000_000

function scene() {
  let at = 1_000
  const time = new ServerTime({ now: () => at })
  return {
    time,
    passes: (ms: number) => {
      at += ms
    },
  }
}

describe('the server’s time', () => {
  test('is not known before the server has said it', () => {
    const { time } = scene()
    expect([time.now, time.isStale]).toEqual([undefined, true])
  })

  test('goes on with this machine’s clock for half a second', () => {
    const { time, passes } = scene()
    time.hear(SERVER)
    passes(200)
    expect([time.now, time.isStale]).toEqual([SERVER + 198, false])
    passes(200)
    expect([time.now, time.isStale]).toEqual([SERVER + 398, true])
    passes(101)
    expect([time.now, time.isStale]).toEqual([undefined, true])
  })

  test('is not ahead of what the server has said', () => {
    const { time, passes } = scene()
    time.hear(SERVER)
    expect(time.now).toBe(SERVER)
    passes(1)
    expect(time.now).toBe(SERVER)
  })

  test.each([-1, 3_600_000])('is asked for again when this machine’s clock jumps by %i ms', (ms) => {
    const { time, passes } = scene()
    time.hear(SERVER)
    passes(ms)
    expect([time.now, time.isStale]).toEqual([undefined, true])
  })
})
