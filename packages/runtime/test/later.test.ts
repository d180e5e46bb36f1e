// Scenes: what nobody waits for is asked for at once, or together with what comes in the next moment.
import { expect, it } from 'vitest'
import { manualClock } from '@ensemble/memory'
import { Later } from '../src/shell/later.ts'
import { T0 } from './world.ts'

function ringing(now = (time: number): number => time) {
  const clock = manualClock(T0)
  const rings: number[] = []
  const stopping = new AbortController()
  const later = new Later({
    clock: { ...clock, now: () => now(clock.now()) },
    everyMs: 100,
    ring: () => void rings.push(clock.now() - T0),
    stopping: stopping.signal,
  })
  return { clock, rings, later, stopping }
}

it('rings at once where it has not rung lately, then once for all that comes', async () => {
  const { clock, rings, later } = ringing()
  later.ring()
  await clock.advance(30)
  for (let time = 0; time < 5; time += 1) later.ring()
  await clock.advance(69)
  expect(rings).toEqual([0])
  await clock.advance(1)
  expect(rings).toEqual([0, 100])
  await clock.advance(500)
  expect(rings).toEqual([0, 100])
  later.ring()
  expect(rings).toEqual([0, 100, 600])
})

it('does not wait longer where the clock was set back', async () => {
  let isBack = false
  const { clock, rings, later } = ringing((time) => (isBack ? time - 3_600_000 : time))
  later.ring()
  isBack = true
  later.ring()
  await clock.advance(100)
  expect(rings).toEqual([0, 100])
})

it('does not keep who stops waiting', async () => {
  const { rings, later, stopping, clock } = ringing()
  later.ring()
  later.ring()
  stopping.abort()
  await clock.advance(0)
  expect(rings).toEqual([0, 0])
})
