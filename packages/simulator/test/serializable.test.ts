// Owns: what the database's model refuses at SERIALIZABLE, and what it lets pass.
import { describe, expect, test } from 'vitest'
import { commit, count, least, played, put, savepoint, see, set, takeBack } from './boxes.ts'

describe('SERIALIZABLE', () => {
  const skew = [
    [1, see('b')],
    [2, see('a')],
    [1, set('a', 0)],
    [2, set('b', 0)],
    [1, commit],
    [2, commit],
  ] as const

  test('of two that each write what the other one has read, the second is refused', async () => {
    const { lines, left } = await played('serializable', [put('a', 1), put('b', 1)], skew)
    expect(lines.slice(-2)).toEqual(['1 commit: committed', '2 commit: SERIALIZATION'])
    expect(left).toBe('0 1 null')
  })

  test('REPEATABLE READ lets both commit', async () => {
    const { left } = await played('repeatable read', [put('a', 1), put('b', 1)], skew)
    expect(left).toBe('0 0 null')
  })

  test('of three in a chain, the first to commit being its end, the middle one is refused', async () => {
    const { lines } = await played(
      'serializable',
      [put('a', 1), put('b', 1)],
      [
        [1, see('a')],
        [2, see('b')],
        [3, set('b', 2)],
        [3, commit],
        [2, set('a', 2)],
        [2, commit],
        [1, commit],
      ],
    )
    expect(lines.slice(-2)).toEqual(['2 commit: SERIALIZATION', '1 commit: committed'])
  })

  test('one that has read what another one wrote, and nothing else, is let pass', async () => {
    const { lines } = await played(
      'serializable',
      [put('a', 1)],
      [
        [1, see('a')],
        [2, set('a', 2)],
        [2, commit],
        [1, commit],
      ],
    )
    expect(lines.slice(-2)).toEqual(['2 commit: committed', '1 commit: committed'])
  })

  test('a search reads the rows that it would have found, and no others', async () => {
    const ends = async (value: number): Promise<unknown> => {
      const { lines } = await played(
        'serializable',
        [],
        [
          [1, count(10)],
          [2, count(10)],
          [1, put('a', value)],
          [2, put('b', value)],
          [1, commit],
          [2, commit],
        ],
      )
      return lines.slice(-2)
    }
    expect(await ends(10)).toEqual(['1 commit: committed', '2 commit: SERIALIZATION'])
    expect(await ends(9)).toEqual(['1 commit: committed', '2 commit: committed'])
  })

  test('an ordered search reads no further than it was asked for', async () => {
    const ends = async (value: number): Promise<unknown> => {
      const { lines } = await played(
        'serializable',
        [put('c', 5)],
        [
          [1, least],
          [2, least],
          [1, put('a', value)],
          [2, put('b', value)],
          [1, commit],
          [2, commit],
        ],
      )
      return lines.slice(-2)
    }
    expect(await ends(4)).toEqual(['1 commit: committed', '2 commit: SERIALIZATION'])
    expect(await ends(6)).toEqual(['1 commit: committed', '2 commit: committed'])
  })

  test('what was read in a savepoint that is taken back counts as read', async () => {
    const { lines } = await played(
      'serializable',
      [put('a', 1), put('b', 1)],
      [
        [1, savepoint],
        [1, see('b')],
        [1, takeBack],
        [2, see('a')],
        [1, set('a', 0)],
        [2, set('b', 0)],
        [1, commit],
        [2, commit],
      ],
    )
    expect(lines.at(-1)).toBe('2 commit: SERIALIZATION')
  })
})
