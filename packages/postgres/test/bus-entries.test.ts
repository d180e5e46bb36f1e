import { describe, expect, test } from 'vitest'
import { unpack } from '@ensemble/core'
import { entriesOf, ENTRY_LENGTH_MAX, ENTRY_MESSAGES_MAX, partitionOf } from '../src/bus/entries.ts'
import { fetchedOf } from '../src/bus/fetched.ts'
import { timer, timers } from './engine-kit.ts'

describe('the partition of a key', () => {
  test('never changes: these are stored in logs', () => {
    const keys = ['', 'a', 'b', 'order-1', 'order-2', '7f0c', 'é', '🙂']
    expect(keys.map((key) => partitionOf(key, 4))).toMatchInlineSnapshot(`
      [
        1,
        0,
        1,
        2,
        3,
        2,
        3,
        3,
      ]
    `)
  })

  test('spreads keys that differ in one character', () => {
    const partitions = Array.from({ length: 4000 }, (_, index) => partitionOf(`order-${index}`, 4))
    for (const own of [0, 1, 2, 3]) {
      const count = partitions.filter((partition) => partition === own).length
      expect(Math.abs(count - 1000)).toBeLessThan(150)
    }
  })
})

describe('entries', () => {
  const oneEach = () => 1

  test('hold the messages of one partition in order, one entry for each', () => {
    const entries = entriesOf([timer('a', 'k', '1'), timer('b', 'k', '2'), timer('a', 'k', '3')], oneEach)
    const idsOf = (text: string) => unpack(text).map((one) => (one.ok ? one.message.id : one.reason))
    const sums = entries.map(({ text, messages, ...rest }) => {
      return { ...rest, ids: idsOf(text), given: messages.map(({ id }) => id) }
    })
    expect(sums).toEqual([
      { topic: 'a', partition: 0, ahead: 2, ids: ['1', '3'], given: ['1', '3'] },
      { topic: 'b', partition: 0, ahead: 1, ids: ['2'], given: ['2'] },
    ])
  })

  test.each([
    { count: ENTRY_MESSAGES_MAX, counts: [ENTRY_MESSAGES_MAX] },
    { count: ENTRY_MESSAGES_MAX + 1, counts: [251, 250] },
  ])('of $count messages are bounded', ({ count, counts }) => {
    const entries = entriesOf(
      timers('a', count, () => 'k'),
      oneEach,
    )
    expect(entries.map((entry) => entry.messages.length)).toEqual(counts)
    expect(entries.at(-1)?.ahead).toBe(count)
  })

  test('are bounded in length, but for one message that is too long alone', () => {
    const long = { ...timer('a', 'k', 'long'), data: 'x'.repeat(ENTRY_LENGTH_MAX) }
    const entries = entriesOf([timer('a', 'k', '1'), timer('a', 'k', '2'), long], oneEach)
    expect(entries.map(({ ahead, messages }) => ({ ahead, count: messages.length }))).toEqual([
      { ahead: 2, count: 2 },
      { ahead: 3, count: 1 },
    ])
  })
})

describe('fetched rows', () => {
  const row = (over: Record<string, unknown>) => ({
    topic: 'a',
    partition: 0,
    next_offset: '5',
    start_offset: '0',
    quota: '3',
    end_offset: '7',
    message_count: 2,
    messages: JSON.stringify(timers('a', 2, () => 'k')),
    ...over,
  })

  test('whose text does not hold what the row says become one message that cannot be handled', () => {
    expect(fetchedOf('g', [row({ messages: '[1]' }), row({ end_offset: '9' })])).toMatchObject({
      messages: [
        { ok: false, text: '[1]', reason: 'an entry of 2 messages holds 1', position: '5' },
        { ok: true, position: '7' },
      ],
      moves: [{ topic: 'a', partition: 0, from: 5, to: 8, hasRest: false }],
    })
  })

  test('end at a gap; a gap at the cursor is a loss', () => {
    expect(fetchedOf('g', [row({}), row({ end_offset: '10', message_count: 1 })]).moves).toEqual([
      { topic: 'a', partition: 0, from: 5, to: 7, hasRest: false },
    ])
    expect(() => fetchedOf('g', [row({ end_offset: '8', start_offset: '6' })])).toThrow(
      expect.objectContaining({
        code: 'MESSAGES_LOST',
        loss: { group: 'g', topic: 'a', partition: 0, nextOffset: 5, startOffset: 6 },
      }),
    )
  })
})
