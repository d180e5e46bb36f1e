// Scenes: what a reader may believe of what its own process has put on the log.
import { pack } from '@ensemble/core'
import { BATCH_LENGTH_MAX } from '@ensemble/runtime'
import { beforeEach, describe, expect, test } from 'vitest'
import { entriesOf } from '../src/bus/entries.ts'
import { Inbox, placed } from '../src/bus/inbox.ts'
import type { Handed } from '../src/bus/inbox.ts'
import { timer } from './engine-kit.ts'

const at = (from: number, to: number, topic = 't', partition = 0): Handed => {
  const names = Array.from({ length: to - from }, (_, index) => `${topic}${from + index}`)
  const messages = names.map((name) => timer(topic, 'k', name))
  return { topic, partition, from, to, messages, text: pack(messages) }
}
/** Means nothing to the reader. */
const passed = (from: number, to: number): Handed => ({ ...at(from, to), messages: [] })
const isRead = ({ messages }: Handed): boolean => messages.length > 0
const moved = (to: number, topic = 't', hasRest = false) => ({ topic, partition: 0, from: 0, to, hasRest })

let inbox: Inbox
/** The reader has read up to 5. */
beforeEach(() => {
  inbox = new Inbox('reader')
  inbox.looks()
  inbox.left([moved(5)])
})

function taken(countMax = 100): readonly unknown[] | null {
  const batch = inbox.take(countMax)
  return batch?.messages.map((one) => `${one.position} ${one.ok ? one.message.id : one.reason}`) ?? null
}

describe('an inbox', () => {
  test('gives what follows where the reader is, with its positions, and how far the cursor moves', () => {
    inbox.hear([at(5, 7)])
    inbox.hear([at(7, 8)])
    const batch = inbox.take(100)
    expect(batch?.moves).toEqual([{ topic: 't', partition: 0, from: 5, to: 8, hasRest: false }])
    expect(batch?.messages.map(({ position }) => position)).toEqual(['5', '6', '7'])
    expect(taken()).toEqual(['5 t5', '6 t6', '7 t7'])
  })

  test('has nothing before the reader has looked once, and nothing to give is no reason to believe so', () => {
    expect(new Inbox('reader').take(10)).toBeNull()
    expect(taken()).toBeNull()
  })

  test('forgets what has been read; what came meanwhile stays', () => {
    inbox.hear([at(5, 7), at(7, 9)])
    inbox.left([moved(7)])
    expect(taken()).toEqual(['7 t7', '8 t8'])
    inbox.left([moved(9)])
    expect(taken()).toBeNull()
  })

  test('sorts commits that are heard of in another order, and hears of none twice', () => {
    inbox.hear([at(7, 8)])
    expect(taken()).toBeNull()
    inbox.hear([at(5, 7)])
    inbox.hear([at(5, 7), at(2, 5)])
    expect(taken()).toEqual(['5 t5', '6 t6', '7 t7'])
  })

  test('has the reader look when somebody else wrote in between', () => {
    inbox.hear([at(6, 8)])
    expect(taken()).toBeNull()
    inbox.looks()
    inbox.left([moved(8)])
    inbox.hear([at(8, 9)])
    expect(taken()).toEqual(['8 t8'])
  })

  test('has the reader look for a topic that it has not read here yet', () => {
    inbox.hear([at(5, 6), at(0, 1, 'u')])
    expect(taken()).toBeNull()
    inbox.looks()
    inbox.left([moved(6), moved(1, 'u')])
    inbox.hear([at(6, 7), at(1, 2, 'u')])
    expect(taken()?.toSorted()).toEqual(['1 u1', '6 t6'])
  })

  test('has the reader look after news of others, also those that came while it looked', () => {
    inbox.hear([at(5, 6)])
    inbox.hear(null)
    expect(taken()).toBeNull()
    inbox.looks()
    inbox.hear(null)
    inbox.left([moved(6)])
    inbox.hear([at(6, 7)])
    expect(taken()).toBeNull()
  })

  test('has the reader look at times, whatever there is', () => {
    let looks = 0
    for (let offset = 5; offset < 205; offset += 1) {
      inbox.hear([at(offset, offset + 1)])
      if (taken() === null) {
        looks += 1
        inbox.looks()
      }
      inbox.left([moved(offset + 1)])
    }
    expect(looks).toBe(3)
  })

  test('says when it gives a part of what follows, in whichever partition', () => {
    inbox.left([moved(0, 'u')])
    inbox.hear([at(5, 8), at(8, 10), at(0, 1, 'u')])
    expect([inbox.take(4)?.isCut, inbox.take(100)?.isCut]).toEqual([true, false])
  })

  test('leaves a partition for which there is no room, and needs no look for that', () => {
    inbox.left([moved(0, 'u')])
    inbox.hear([at(5, 8), at(0, 3, 'u')])
    expect(taken(4)).toEqual(['5 t5', '6 t6', '7 t7'])
  })

  test('gives those their turn for which there was no room before', () => {
    inbox.left([moved(0, 'u')])
    inbox.hear([at(5, 8), at(0, 3, 'u')])
    inbox.take(4)
    inbox.hear([at(8, 11)])
    inbox.left([moved(8)])
    expect(taken(4)).toEqual(['0 u0', '1 u1', '2 u2'])
  })

  test('has the reader look for what alone is above the bound, whatever else there is', () => {
    inbox.left([moved(0, 'u')])
    inbox.hear([at(0, 3, 'u'), at(5, 8)])
    inbox.left([moved(3, 'u')])
    inbox.hear([at(3, 9, 'u')])
    expect(taken(5)).toBeNull()
  })

  test('lets go of what is passed over, too, when there is very much of it', () => {
    const one = (from: number): Handed => passed(from, from + 1)
    inbox.hear(
      Array.from({ length: 10_000 }, (_, index) => one(5 + index)),
      isRead,
    )
    expect(inbox.take(1)).toMatchObject({ moves: [{ to: 10_005 }] })
    inbox.hear([one(10_005)], isRead)
    expect(inbox.take(1)).toBeNull()
  })

  test('says when something lies behind a gap', () => {
    inbox.hear([at(5, 6), at(7, 8)])
    expect([taken(), inbox.take(100)?.isCut]).toEqual([['5 t5'], true])
    inbox.left([moved(6)])
    inbox.hear([at(6, 7)])
    expect([taken(), inbox.take(100)?.isCut]).toEqual([['6 t6', '7 t7'], false])
  })

  test('keeps to the bound; what alone is above it has to be fetched', () => {
    inbox.hear([at(5, 8), at(8, 10)])
    expect(taken(4)).toEqual(['5 t5', '6 t6', '7 t7'])
    expect(taken(2)).toBeNull()
  })

  test('keeps to the bound in length, too; what alone is above it is given alone', () => {
    const long = (from: number, part: number): Handed => ({
      ...at(from, from + 1),
      text: pack([timer('t', 'k', 'x'.repeat(BATCH_LENGTH_MAX * part))]),
    })
    inbox.hear([long(5, 0.4), long(6, 0.4), long(7, 0.4), long(8, 1.1), at(9, 10)])
    const batches = [7, 8, 9, 10].map((to) => {
      const batch = inbox.take(100)
      inbox.left([moved(to)])
      return [batch?.messages.length, batch?.isCut]
    })
    const part = [1, true]
    expect(batches).toEqual([[2, true], part, part, [1, false]])
  })

  test('has the reader look again for what a look has left, unless it is here', () => {
    inbox.left([moved(5, 'u')])
    inbox.hear([at(5, 6, 'u')])
    inbox.left([moved(7, 't', true)])
    expect(taken()).toBeNull()
    inbox.looks()
    inbox.hear([at(7, 9)])
    inbox.left([moved(7, 't', true)])
    expect(taken()?.toSorted()).toEqual(['5 u5', '7 t7', '8 t8'])
  })

  test('goes on in the middle of an entry, where a look has ended', () => {
    inbox.hear([at(5, 9), passed(9, 12), at(12, 13)], isRead)
    inbox.looks()
    inbox.left([moved(7, 't', true)])
    const batch = inbox.take(3)
    expect(batch?.moves).toEqual([{ topic: 't', partition: 0, from: 7, to: 13, hasRest: false }])
    expect(taken(3)).toEqual(['7 t7', '8 t8', '12 t12'])
    inbox.looks()
    inbox.left([moved(10, 't', true)])
    expect(taken()).toEqual(['12 t12'])
    inbox.hear([at(8, 9)])
    expect(taken()).toEqual(['12 t12'])
  })

  test('has the reader look once it has read here what a look has left: others may have written behind it', () => {
    inbox.hear([at(5, 15)])
    inbox.looks()
    inbox.left([moved(10, 't', true)])
    expect(taken()).toEqual(['10 t10', '11 t11', '12 t12', '13 t13', '14 t14'])
    inbox.left([moved(15)])
    inbox.left([moved(7, 'u')])
    inbox.hear([at(7, 8, 'u')])
    expect(taken()).toBeNull()
    inbox.looks()
    inbox.left([moved(17)])
    expect(taken()).toEqual(['7 u7'])
  })

  test('passes over what means nothing to its reader', () => {
    inbox.hear([passed(5, 7), at(7, 8), at(8, 10), passed(10, 12)], isRead)
    const { messages = [], moves = [] } = inbox.take(3) ?? {}
    expect(messages.map(({ position }) => position)).toEqual(['7', '8', '9'])
    expect(moves).toEqual([moved(12)].map((move) => ({ ...move, from: 5 })))
    inbox.left([moved(12)])
    inbox.hear([passed(12, 14)], isRead)
    // Nothing to read: the cursor moves, and the reader looks for what others wrote after a few of these.
    for (let times = 0; times < 5; times += 1)
      expect(inbox.take(3)).toMatchObject({ messages: [], moves: [{ from: 12, to: 14 }] })
    expect(inbox.take(3)).toBeNull()
  })

  test('lets go of everything when too much waits, and when the reader failed', () => {
    inbox.hear([at(5, 2_500)])
    expect(taken()).toBeNull()
    inbox.looks()
    inbox.left([moved(2_500)])
    inbox.hear([at(2_500, 2_501)])
    expect(taken()).toEqual(['2500 t2500'])
    inbox.forget()
    inbox.looks()
    expect(taken()).toBeNull()
  })

  test('lets go of everything when a few are very large, and counts anew', () => {
    const large = (from: number): Handed => ({
      ...at(from, from + 1),
      text: pack([timer('t', 'k', 'x'.repeat(3_000_000))]),
    })
    inbox.hear([large(5), large(6)])
    inbox.left([moved(7)])
    inbox.hear([large(7), large(8)])
    expect(inbox.take(1)?.messages.length).toBe(1)
    inbox.hear([large(9)])
    expect(taken()).toBeNull()
  })

  test('is careful for a while after another instance was met', () => {
    expect(inbox.isContended).toBe(false)
    inbox.contend()
    expect([inbox.isContended, taken()]).toEqual([true, null])
    for (let offset = 5; offset < 1_100; offset += 1) {
      inbox.looks()
      inbox.left([moved(offset)])
      inbox.hear([at(offset, offset + 1)])
      inbox.take(10)
    }
    expect(inbox.isContended).toBe(false)
  })
})

describe('placed entries', () => {
  const messages = [timer('a', 'k', 'm0'), timer('a b', 'k', 'm1'), timer('a', 'k', 'm2')]
  const entries = entriesOf(messages, () => 1)

  test('are where the log has put them, topics with spaces too', () => {
    expect(placed(entries, ['40 0 a', '7 0 a b']).map(({ topic, from, to }) => [topic, from, to])).toEqual([
      ['a', 40, 42],
      ['a b', 7, 8],
    ])
  })

  test('that the log says nothing of are not handed over', () => {
    expect([placed(entries, null), placed(entries, ['40 1 a'])]).toEqual([[], []])
  })
})
