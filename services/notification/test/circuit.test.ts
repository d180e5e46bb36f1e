// A provider that fails is left alone, tried by one call, and trusted again when that one ends well.
import { expect, test } from 'vitest'
import { Circuits, FAILURES_MAX, REST_MS } from '../circuit.ts'

const AT = 1_000_000

test('given failures in a row, then it rests, one call tries it, and its end decides', () => {
  const circuits = new Circuits()
  const rests = (now: number) => circuits.resting(now).has('a')
  for (let count = 1; count < FAILURES_MAX; count += 1) circuits.end('a', false, AT)
  expect(rests(AT)).toBe(false)
  circuits.end('a', false, AT)
  expect([rests(AT), rests(AT + REST_MS - 1), rests(AT + REST_MS)]).toEqual([true, true, false])

  circuits.enter('a', AT + REST_MS)
  expect(rests(AT + REST_MS)).toBe(true)
  circuits.end('a', false, AT + REST_MS + 5)
  expect([rests(AT + 2 * REST_MS + 4), rests(AT + 2 * REST_MS + 5)]).toEqual([true, false])

  circuits.enter('a', AT + 3 * REST_MS)
  circuits.end('a', true, AT + 3 * REST_MS)
  circuits.end('a', false, AT + 3 * REST_MS)
  expect(rests(AT + 3 * REST_MS)).toBe(false)
})

test('given a success between failures, then they are not in a row', () => {
  const circuits = new Circuits()
  for (let count = 0; count < 2 * FAILURES_MAX; count += 1) circuits.end('a', count % 2 === 0, AT)
  expect(circuits.resting(AT)).toEqual(new Set())
})
