// Scenes: how sure a process may be that nobody else hears its news.
import { describe, expect, test } from 'vitest'
import { BEAT_MS, Presence } from '../src/bus/presence.ts'

/** Hears itself with each beat from one time to another. */
function beats(presence: Presence, from: number, to: number): void {
  for (let now = from; now <= to; now += BEAT_MS) presence.hearsItself(now)
}

/** One who is alone, and the time. */
function alone(): { readonly presence: Presence; readonly now: number } {
  const presence = new Presence()
  const now = 10 * BEAT_MS
  beats(presence, 0, now)
  return { presence, now }
}

describe('a process', () => {
  test('is alone when it hears itself and, for some beats, nobody else', () => {
    const presence = new Presence()
    const sure = [0, 1, 2, 3, 4].map((beat) => {
      presence.hearsItself(beat * BEAT_MS)
      return presence.isAlone(beat * BEAT_MS)
    })
    expect(sure).toEqual([false, false, false, false, true])
  })

  test('is not alone where it does not hear itself, from the first or any more', () => {
    const { presence, now } = alone()
    expect([new Presence().isAlone(now), presence.isAlone(now), presence.isAlone(now + 3 * BEAT_MS)]).toEqual(
      [false, true, false],
    )
  })

  test('is not alone any more when another one is heard, who may have missed something once', () => {
    const { presence, now } = alone()
    expect([presence.hearsOther(now), presence.hearsOther(now), presence.isAlone(now)]).toEqual([
      true,
      false,
      false,
    ])
  })

  test('is alone again when the other one was silent for long; back, that one may have missed something', () => {
    const { presence, now } = alone()
    presence.hearsOther(now)
    beats(presence, now, now + 3 * BEAT_MS)
    expect(presence.isAlone(now + 3 * BEAT_MS)).toBe(false)
    const later = now + 4 * BEAT_MS
    presence.hearsItself(later)
    expect([presence.isAlone(later), presence.hearsOther(later)]).toEqual([true, true])
  })

  test('that was deaf may have kept something from others, and is alone only after some beats', () => {
    const { presence, now } = alone()
    const later = now + 3 * BEAT_MS
    expect([presence.hearsItself(now + BEAT_MS), presence.hearsItself(later + BEAT_MS)]).toEqual([
      false,
      true,
    ])
    expect(presence.isAlone(later + BEAT_MS)).toBe(false)
  })

  test('is not alone by a clock that was set back or far ahead', () => {
    const { presence, now } = alone()
    expect([presence.isAlone(now - 1), presence.isAlone(now + 60_000)]).toEqual([false, false])
  })
})
