// Scenes about contracts that change: what breaks an older instance or reader, in a sentence; and this tree's own.
import { describe, expect, test } from 'vitest'
import { broken } from './contracts/compatible.ts'
import { current, released } from './contracts.ts'

type Schema = Readonly<Record<string, unknown>>

const one = (kind: 'command' | 'event', payload: Schema) => ({
  components: { messages: { 'order.m': { tags: [{ name: kind }], payload } } },
})
const object = (properties: Schema, required = Object.keys(properties)): Schema => ({
  type: 'object',
  properties,
  required,
})
const text = { type: 'string' }
const size = object({ size: { enum: ['s', 'm'] } })

describe('what is released', () => {
  test('works together with what is here', () => {
    expect(broken(released(), current())).toEqual([])
  })

  test('would be missed, message by message', () => {
    expect(broken(released(), {})).toContain(
      'payment.collected: the message was removed; keep it until nobody uses it',
    )
  })
})

describe('breaks', () => {
  test.each<[string, 'command' | 'event', readonly [Schema, Schema], string]>([
    [
      'a field removed',
      'event',
      [object({ a: text }), object({})],
      '.a: the field was removed; keep it until nobody uses it',
    ],
    [
      'a field removed',
      'command',
      [object({ a: text }), object({})],
      '.a: the field was removed; keep it until nobody uses it',
    ],
    [
      'another type',
      'event',
      [object({ a: text }), object({ a: { type: 'integer' } })],
      '.a: the type was string and is integer now',
    ],
    [
      'a null',
      'event',
      [object({ a: text }), object({ a: { type: ['string', 'null'] } })],
      '.a: the type was string and is string or null now',
    ],
    [
      'no null',
      'command',
      [object({ a: { type: ['string', 'null'] } }), object({ a: text })],
      '.a: the type was string or null and is string now',
    ],
    [
      'a field that must be there',
      'command',
      [object({}), object({ a: text })],
      '.a: must be there now; let it be left out',
    ],
    [
      'a field that may be missing',
      'event',
      [object({ a: text }), object({ a: text }, [])],
      '.a: was always there and may be missing now',
    ],
    [
      'a shorter text',
      'command',
      [object({ a: { maxLength: 9 } }), object({ a: { maxLength: 8 } })],
      '.a: maxLength was 9 and is 8 now',
    ],
    [
      'a limit where none was',
      'command',
      [object({ a: text }), object({ a: { ...text, minLength: 1 } })],
      '.a: minLength was none and is 1 now',
    ],
    [
      'a longer text',
      'event',
      [object({ a: { maxLength: 8 } }), object({ a: { maxLength: 9 } })],
      '.a: maxLength was 8 and is 9 now',
    ],
    [
      'a pattern',
      'command',
      [object({ a: text }), object({ a: { ...text, pattern: '^x' } })],
      '.a: pattern was any and is ^x now',
    ],
    [
      'a value less',
      'command',
      [size, object({ size: { enum: ['s'] } })],
      '.size: "m" is not taken any more',
    ],
    [
      'a value more',
      'event',
      [size, object({ size: { enum: ['s', 'm', 'l'] } })],
      '.size: "l" is new, and who reads it knows "s", "m" only',
    ],
    [
      'in a list',
      'event',
      [{ items: object({ a: text }) }, { items: object({}) }],
      '[].a: the field was removed; keep it until nobody uses it',
    ],
    [
      'an alternative more',
      'event',
      [{ anyOf: [text] }, { anyOf: [text, { type: 'null' }] }],
      ': may be null now, which it never was',
    ],
    [
      'an alternative less',
      'command',
      [{ anyOf: [text, { type: 'null' }] }, { anyOf: [text] }],
      ': null is not taken any more',
    ],
  ])('%s of a %s', (_, kind, [was, is], sentence) => {
    expect(broken(one(kind, was), one(kind, is))).toEqual([`order.m${sentence}`])
  })
})

describe('breaks nothing', () => {
  test.each<[string, 'command' | 'event', Schema, Schema]>([
    ['an optional field', 'command', object({}), object({ a: text }, [])],
    ['a new field', 'event', object({}), object({ a: text })],
    ['a longer text', 'command', object({ a: { maxLength: 8 } }), object({ a: { maxLength: 9 } })],
    ['a shorter text', 'event', object({ a: { maxLength: 9 } }), object({ a: { maxLength: 8 } })],
    ['a value more', 'command', size, object({ size: { enum: ['s', 'm', 'l'] } })],
    ['a value less', 'event', size, object({ size: { enum: ['s'] } })],
    ['a field that may be left out', 'command', object({ a: text }), object({ a: text }, [])],
  ])('%s of a %s', (_, kind, was, is) => {
    expect(broken(one(kind, was), one(kind, is))).toEqual([])
  })
})
