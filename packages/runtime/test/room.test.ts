// Scenes: how much goes into one batch.
import { describe, expect, it, test } from 'vitest'
import { gathered } from '../src/shell/gather.ts'
import { BATCH_LENGTH_MAX, batched, lengthOf, Room } from '../src/shell/room.ts'

const long = (length: number): { readonly length: number } => ({ length })

describe('a batch', () => {
  test.each([
    ['nothing', [], 0],
    ['as many as are allowed', [1, 1, 1, 1], 3],
    ['what fits exactly', [BATCH_LENGTH_MAX - 1, 1, 1], 2],
    ['all before the one that is too much', [BATCH_LENGTH_MAX - 1, 2, 1], 1],
    ['one alone, however long', [BATCH_LENGTH_MAX + 1, 1], 1],
    ['nothing behind the one that is too long', [1, BATCH_LENGTH_MAX, 1], 1],
  ])('takes %s', (_what, lengths, count) => {
    expect(new Room(3).takeFrom(lengths.map(long))).toBe(count)
  })

  it('takes several that stay together, or none of them', () => {
    const room = new Room(5)
    expect([room.takes(10, 4), room.takes(10, 2), room.takes(10, 1), room.takes(0)]).toEqual([
      true,
      false,
      true,
      false,
    ])
    expect(new Room(5).takes(1, 6)).toBe(false)
  })
})

test('what is long goes in several batches, in order, and nothing is lost', () => {
  const half = BATCH_LENGTH_MAX / 2
  expect(batched([1, half, half, 2 * BATCH_LENGTH_MAX, 2, 3], (length) => length)).toEqual([
    [1, half],
    [half],
    [2 * BATCH_LENGTH_MAX],
    [2, 3],
  ])
  expect(batched([], lengthOf)).toEqual([])
})

test('the length of a value is about that of its texts and names', () => {
  expect([lengthOf('four'), lengthOf({ note: 'four', list: ['ab', 'c'] }), lengthOf([1, null])]).toEqual([
    4, 33, 26,
  ])
})

test('calls with much to say share a batch as far as it goes, in order', async () => {
  const batches: (readonly string[])[] = []
  const call = gathered<string, string>(
    async (items) => {
      batches.push(items)
      await Promise.resolve()
      return items
    },
    { countMax: 100, lengthOf: ({ length }) => (length === 1 ? 1 : BATCH_LENGTH_MAX / 2) },
  )
  const said = ['a', 'long 1', 'long 2', 'long 3', 'b', 'c']
  expect(await Promise.all(said.map(call))).toEqual(said)
  expect(batches).toEqual([
    ['a', 'long 1'],
    ['long 2', 'long 3'],
    ['b', 'c'],
  ])
})
