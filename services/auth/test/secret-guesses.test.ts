// Scenes about guesses at clients' secrets: when a key rests, and whom that keeps out.
import { FAILURES_FREE_MAX } from '@ensemble/service/guesses'
import { expect, test } from 'vitest'
import { secretGuesses, secretOf } from '../secret-guesses.ts'

const NOW = Date.parse('2024-03-01T09:30:00Z')
const MINUTE = 60_000
const RIGHT = { key: 'shop', secret: 'right' }
const WRONG = { key: 'shop', secret: 'wrong' }

function scene(wrongs = FAILURES_FREE_MAX + 1) {
  let now = NOW
  const guesses = secretGuesses({ now: () => now })
  const wrong = (count: number, shown = WRONG): void => {
    for (let done = 0; done < count; done += 1) guesses.wrong(shown)
  }
  wrong(wrongs)
  return { guesses, wrong, pass: (ms: number) => void (now += ms) }
}

test('given four wrong secrets, when the next comes, then it is looked at', () => {
  expect(scene(FAILURES_FREE_MAX).guesses.restMs(WRONG)).toBe(0)
})

test('given five wrong secrets, when the right one comes for the first time, then it waits, as all do', () => {
  const { guesses, pass } = scene()
  expect([guesses.restMs(RIGHT), guesses.restMs(WRONG)]).toEqual([MINUTE, MINUTE])
  pass(MINUTE)
  expect(guesses.restMs(RIGHT)).toBe(0)
})

test('given who brought the right secret before, when others guess, then he is asked, and they wait', () => {
  const { guesses, wrong } = scene(0)
  guesses.right(RIGHT)
  wrong(FAILURES_FREE_MAX + 1)
  expect([guesses.restMs(RIGHT), guesses.restMs(WRONG)]).toEqual([0, MINUTE])
})

test('given a secret that was right and is not now, when it comes again, then it waits, too', () => {
  const { guesses, wrong } = scene(0)
  guesses.right(RIGHT)
  wrong(FAILURES_FREE_MAX + 1, RIGHT)
  expect(guesses.restMs(RIGHT)).toBe(MINUTE)
})

test('given wrong secrets of yesterday, when one comes, then it is the first', () => {
  const { guesses, wrong, pass } = scene()
  pass(24 * 60 * MINUTE + 1)
  wrong(1)
  expect(guesses.restMs(WRONG)).toBe(0)
})

test('given wrong secrets for more keys than are kept, then the oldest is forgotten, and no other', () => {
  const { guesses, wrong } = scene()
  for (let count = 1; count < 10_000; count += 1) wrong(1, { key: `key ${count}`, secret: '' })
  expect(guesses.restMs(WRONG)).toBe(MINUTE)
  wrong(1, { key: 'one more', secret: '' })
  expect(guesses.restMs(WRONG)).toBe(0)
})

test.each<[string, Record<string, string>, Record<string, string>, unknown]>([
  ['in the form', {}, { client_id: 'a', client_secret: 'b' }, { key: 'a', secret: 'b' }],
  ['by Basic', { authorization: basic('a:b') }, {}, { key: 'a', secret: 'b' }],
  ['by Basic, encoded', { authorization: basic('a+b%3A:%26c') }, {}, { key: 'a b:', secret: '&c' }],
  ['not at all', {}, { client_id: 'a' }, undefined],
  ['by another scheme', { authorization: 'Bearer a.b.c' }, {}, undefined],
])('given a client that shows itself %s, then it is known by that', (_, headers, form, shown) => {
  expect(secretOf({ headers, form })).toEqual(shown)
})

function basic(text: string): string {
  return `Basic ${Buffer.from(text).toString('base64')}`
}
