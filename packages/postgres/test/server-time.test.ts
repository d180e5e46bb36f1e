// Scenes: the server's time between two answers of it.
import { describe, expect, test } from 'vitest'
import { ServerTime } from '../src/database/server-time.ts'

const SERVER = 5_000_000

function scene() {
  let at = 1_000
  const time = new ServerTime({ now: () => at })
  const passes = (ms: number): void => {
    at += ms
  }
  return {
    time,
    passes,
    /** The server says this after so long. */
    hears: (said: number, tookMs = 1) => {
      const hear = time.asks()
      passes(tookMs)
      hear(said)
    },
  }
}

describe('the server’s time', () => {
  test('is not known before the server has said it', () => {
    expect(scene().time.now).toBeUndefined()
  })

  test('goes on with this machine’s clock for half a second', () => {
    const { time, passes, hears } = scene()
    hears(SERVER)
    passes(200)
    expect(time.now).toBe(SERVER + 198)
    passes(300)
    expect(time.now).toBe(SERVER + 498)
    passes(1)
    expect(time.now).toBeUndefined()
  })

  test('is not ahead of what the server has said', () => {
    const { time, passes, hears } = scene()
    hears(SERVER)
    expect(time.now).toBe(SERVER)
    passes(1)
    expect(time.now).toBe(SERVER)
  })

  test('is not learnt from an answer that had to wait', () => {
    const { time, hears } = scene()
    hears(SERVER, 3_000)
    expect(time.now).toBeUndefined()
  })

  test('is not put back by a slower answer', () => {
    const { time, passes, hears } = scene()
    hears(SERVER)
    passes(100)
    hears(SERVER + 85, 15)
    expect(time.now).toBe(SERVER + 113)
  })

  test.each([-2, 3_600_000])('is asked for again when this machine’s clock jumps by %i ms', (ms) => {
    const { time, passes, hears } = scene()
    hears(SERVER)
    passes(ms)
    expect(time.now).toBeUndefined()
  })
})
