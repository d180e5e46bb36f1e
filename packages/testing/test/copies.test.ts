// The conformance suites must see what a bus does to one copy of a message.
import type { Message } from '@ensemble/core'
import type { Delivered } from '@ensemble/runtime'
import { expect, test } from 'vitest'
import { firsts, idsOf } from '../src/conformance/delivered.ts'

const message = (id: string, data: unknown = null): Message => {
  return { type: 'timer', id, topic: 't', key: 'k', name: 'n', at: 1, data, saga: null }
}
const at = (position: number, of: Message, partition = 0): Delivered => {
  return { ok: true, message: of, topic: 't', partition, position: String(position) }
}
const [a, b] = [message('a'), message('b')]
const whole = [at(0, a), at(1, a), at(2, a), at(3, b), at(4, b), at(5, b)]

test('three copies of each message, side by side, are the message once', () => {
  expect(idsOf(firsts(whole))).toEqual(['a', 'b'])
})

test('copies of two keys may be mixed', () => {
  const other = { ...b, key: 'other' }
  const mixed = [at(0, a), at(1, other), at(2, a), at(3, other), at(4, a), at(5, other)]
  expect(idsOf(firsts(mixed))).toEqual(['a', 'b'])
})

test.for([
  { what: 'a copy lost', got: whole.toSpliced(1, 1) },
  { what: 'the last copy lost', got: whole.slice(0, -1) },
  { what: 'a copy too many', got: [...whole, at(6, b)] },
  { what: 'a copy delivered twice', got: [at(0, a), ...whole] },
  { what: 'a copy delivered twice instead of another', got: whole.with(1, at(0, a)) },
  { what: 'a copy that differs', got: whole.with(1, at(1, message('a', 'changed'))) },
  { what: 'a copy behind another message', got: [...whole.slice(1, 4), at(6, a), ...whole.slice(4)] },
  { what: 'a copy in another partition', got: whole.with(1, at(1, a, 1)) },
])('$what is a failure', ({ got }) => {
  expect(() => firsts(got)).toThrow(/copies of|came twice/)
})
