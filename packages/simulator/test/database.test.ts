// Owns: the rules of the database's model, one scene each: snapshots, locks, savepoints, deadlocks.
import { describe, expect, test } from 'vitest'
import { add, commit, drop, hold, holdFree, offer, played, put } from './boxes.ts'
import { release, rollBack, savepoint, see, set, takeBack } from './boxes.ts'

const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8]

describe('snapshots', () => {
  test('READ COMMITTED: each statement sees what is committed when it begins', async () => {
    const { lines } = await played(
      'read committed',
      [put('a', 1)],
      [
        [2, set('a', 2)],
        [1, see('a')],
        [2, commit],
        [1, see('a')],
        [1, commit],
      ],
    )
    expect(lines).toEqual([
      '2 set a=2: done',
      '1 see a: 1',
      '2 commit: committed',
      '1 see a: 2',
      '1 commit: committed',
    ])
  })

  test('REPEATABLE READ: all see what was there at BEGIN; what has changed since cannot be locked', async () => {
    const { lines } = await played(
      'repeatable read',
      [put('a', 1)],
      [
        [2, set('a', 2)],
        [2, commit],
        [1, see('a')],
        [1, hold('a')],
        [1, commit],
      ],
    )
    expect(lines.slice(2)).toEqual(['1 see a: 1', '1 hold a: SERIALIZATION', '1 commit: SERIALIZATION'])
  })

  test('READ COMMITTED: a locked row is as it is then; a plain read that is written back loses a change', async () => {
    const { left } = await played(
      'read committed',
      [put('a', 1), put('b', 1)],
      [
        [1, see('a')],
        [2, add('a')],
        [2, add('b')],
        [1, add('b')],
        [2, commit],
        [1, set('a', 2)],
        [1, commit],
      ],
    )
    expect(left).toBe('2 3 null')
  })

  test('a row that was deleted and inserted anew is not found by who waited for the old one', async () => {
    const { lines, left } = await played(
      'read committed',
      [put('a', 1)],
      [
        [2, drop('a')],
        [2, put('a', 2)],
        [1, hold('a')],
        [2, commit],
        [1, commit],
      ],
    )
    expect(lines.slice(2)).toEqual([
      '1 hold a: waits',
      '2 commit: committed',
      '1 hold a: null',
      '1 commit: committed',
    ])
    expect(left).toBe('2 null null')
  })
})

describe('locks', () => {
  test.each(SEEDS)('whoever goes on first, nobody loses a change (seed %i)', async (seed) => {
    const { left } = await played(
      'read committed',
      [put('a', 0)],
      [
        [1, add('a')],
        [2, add('a')],
        [3, add('a')],
        [1, commit],
        [2, commit],
        [3, commit],
      ],
      seed,
    )
    expect(left).toBe('3 null null')
  })

  test('an insert waits for another one of its key: UNIQUE if that one stays, else it goes in', async () => {
    for (const end of [commit, rollBack]) {
      const { lines } = await played(
        'read committed',
        [],
        [
          [1, put('a', 1)],
          [2, put('a', 2)],
          [1, end],
          [2, commit],
        ],
      )
      expect([lines[1], lines[3]]).toEqual([
        '2 put a=2: waits',
        end === commit ? '2 put a=2: UNIQUE' : '2 put a=2: done',
      ])
    }
  })

  test('an insert, or an offer, of a row that is only locked does not wait: it is there', async () => {
    const { lines } = await played(
      'read committed',
      [put('a', 1)],
      [
        [1, hold('a')],
        [2, offer('a', 2)],
        [2, put('a', 2)],
        [1, commit],
        [2, rollBack],
      ],
    )
    expect(lines.slice(1, 3)).toEqual(['2 offer a=2: done', '2 put a=2: UNIQUE'])
  })

  test('SKIP LOCKED passes over what somebody holds, and waits for nobody', async () => {
    const { lines } = await played(
      'read committed',
      [put('a', 1), put('b', 2)],
      [
        [1, hold('a')],
        [2, holdFree('a')],
        [2, holdFree('b')],
        [1, commit],
        [2, commit],
      ],
    )
    expect(lines.slice(1, 3)).toEqual(['2 hold a if free: null', '2 hold b if free: 2'])
  })

  test('what has failed lets go of its locks at once, before it says ROLLBACK', async () => {
    const { lines } = await played(
      'read committed',
      [put('a', 1)],
      [
        [1, set('a', 5)],
        [2, hold('a')],
        [1, put('a', 2)],
        [2, commit],
        [1, rollBack],
      ],
    )
    expect(lines.slice(1, 4)).toEqual(['2 hold a: waits', '1 put a=2: UNIQUE', '2 hold a: 1'])
  })
})

describe('savepoints', () => {
  test('taking back frees the locks taken since and keeps the earlier changes with theirs', async () => {
    const { lines, left } = await played(
      'read committed',
      [put('a', 1), put('b', 1)],
      [
        [1, set('a', 2)],
        [1, savepoint],
        [1, set('a', 3)],
        [1, set('b', 3)],
        [2, hold('b')],
        [3, hold('a')],
        [1, takeBack],
        [1, see('a')],
        [1, commit],
        [2, commit],
        [3, commit],
      ],
    )
    expect(lines.slice(4)).toEqual([
      '2 hold b: waits',
      '3 hold a: waits',
      '1 roll back to savepoint: taken back',
      '2 hold b: 1',
      '1 see a: 2',
      '1 commit: committed',
      '3 hold a: 2',
      '2 commit: committed',
      '3 commit: committed',
    ])
    expect(left).toBe('2 1 null')
  })

  test('a savepoint takes back a failure; until then each further statement fails', async () => {
    const { lines, left } = await played(
      'read committed',
      [put('a', 1)],
      [
        [1, put('b', 1)],
        [1, savepoint],
        [1, put('a', 2)],
        [1, see('a')],
        [1, takeBack],
        [1, put('c', 1)],
        [1, commit],
      ],
    )
    expect(lines.slice(2)).toEqual([
      '1 put a=2: UNIQUE',
      '1 see a: ROLLED_BACK',
      '1 roll back to savepoint: taken back',
      '1 put c=1: done',
      '1 commit: committed',
    ])
    expect(left).toBe('1 1 1')
  })

  test('without a savepoint the first failure is that of the transaction', async () => {
    const { lines, left } = await played(
      'read committed',
      [put('a', 1)],
      [
        [1, put('b', 1)],
        [1, put('a', 2)],
        [1, put('c', 1)],
        [1, commit],
      ],
    )
    expect(lines.slice(1)).toEqual(['1 put a=2: UNIQUE', '1 put c=1: ROLLED_BACK', '1 commit: UNIQUE'])
    expect(left).toBe('1 null null')
  })

  test('who waits for a lock of a released savepoint waits for the whole transaction', async () => {
    const { lines } = await played(
      'read committed',
      [],
      [
        [1, savepoint],
        [1, savepoint],
        [1, put('a', 1)],
        [1, release],
        [2, put('a', 2)],
        [1, takeBack],
        [1, commit],
        [2, commit],
      ],
    )
    expect(lines.slice(4)).toEqual([
      '2 put a=2: waits',
      '1 roll back to savepoint: taken back',
      '1 commit: committed',
      '2 put a=2: done',
      '2 commit: committed',
    ])
  })
})

describe('deadlocks', () => {
  test.each(SEEDS)(
    'of two that wait for each other one is refused, the other goes on (seed %i)',
    async (seed) => {
      const { lines, left } = await played(
        'read committed',
        [put('a', 0), put('b', 0)],
        [
          [1, add('a')],
          [2, add('b')],
          [1, add('b')],
          [2, add('a')],
          [1, commit],
          [2, commit],
        ],
        seed,
      )
      const ends = lines.filter((line) => line.includes('commit')).map((line) => line.replace(/^.*: /, ''))
      expect(ends.toSorted()).toEqual(['DEADLOCK', 'committed'])
      expect(left).toBe('1 1 null')
    },
  )

  test('who is refused is chance', async () => {
    const refused = new Set<string>()
    for (const seed of SEEDS) {
      const { lines } = await played(
        'read committed',
        [put('a', 0), put('b', 0)],
        [
          [1, hold('a')],
          [2, hold('b')],
          [1, hold('b')],
          [2, hold('a')],
          [1, commit],
          [2, commit],
        ],
        seed,
      )
      refused.add(lines.find((line) => line.endsWith('commit: DEADLOCK')) ?? 'nobody')
    }
    expect([...refused].toSorted()).toEqual(['1 commit: DEADLOCK', '2 commit: DEADLOCK'])
  })

  test('three in a circle: one is refused, two go on', async () => {
    const { lines } = await played(
      'read committed',
      [put('a', 0), put('b', 0), put('c', 0)],
      [
        [1, hold('a')],
        [2, hold('b')],
        [3, hold('c')],
        [1, hold('b')],
        [2, hold('c')],
        [3, hold('a')],
        [1, commit],
        [2, commit],
        [3, commit],
      ],
    )
    const ends = lines.filter((line) => line.includes('commit')).map((line) => line.replace(/^.*: /, ''))
    expect(ends.toSorted()).toEqual(['DEADLOCK', 'committed', 'committed'])
  })
})
