// What a reader hands out, and how far it is, over partitions that come and go.
import { BATCH_LENGTH_MAX } from '@ensemble/runtime'
import type { Delivered } from '@ensemble/runtime'
import { describe, expect, test } from 'vitest'
import { Lanes, type Hold } from '../src/lanes.ts'

const T = 't'

function message(partition: number, position: number): Delivered {
  return { ok: false, text: '', reason: '', topic: T, partition, position: String(position) }
}

/** Two partitions, from offset 5 on, with messages 5 to 8 of each. */
function filled(): Lanes {
  const lanes = new Lanes([
    { topic: T, partition: 0, offset: 5 },
    { topic: T, partition: 1, offset: 5 },
  ])
  for (const partition of [0, 1]) for (const at of [5, 6, 7, 8]) lanes.add(message(partition, at), 1)
  return lanes
}

const placesOf = (hold: Hold | null) =>
  hold?.messages.map(({ partition, position }) => `${partition}/${position}`)

function taken(lanes: Lanes, countMax: number): Hold {
  const hold = lanes.take(countMax)
  if (hold === null) throw new Error('nothing to take')
  return hold
}

describe('taking', () => {
  test('is bounded, in order, and begins with another partition each time', () => {
    const lanes = filled()
    expect(placesOf(lanes.take(3))).toEqual(['0/5', '0/6', '0/7'])
    expect(placesOf(lanes.take(9))).toEqual(['1/5', '1/6', '1/7', '1/8'])
    expect([lanes.take(9), lanes.waitingCount, lanes.freeCount]).toEqual([null, 1, 0])
  })

  test('is bounded in length, too, but for one message that is too long alone; the rest comes after it', () => {
    const lanes = new Lanes([
      { topic: T, partition: 0, offset: 0 },
      { topic: T, partition: 1, offset: 0 },
    ])
    const lengths = [BATCH_LENGTH_MAX, BATCH_LENGTH_MAX / 2, BATCH_LENGTH_MAX / 2, 1]
    for (const [at, length] of lengths.entries()) lanes.add(message(0, at), length)
    lanes.add(message(1, 0), BATCH_LENGTH_MAX + 1)
    const holds = [1, 2, 3].map(() => {
      const hold = taken(lanes, 9)
      lanes.finish(hold)
      return placesOf(hold)
    })
    expect(holds).toEqual([['0/0'], ['1/0'], ['0/1', '0/2']])
    expect([placesOf(lanes.take(9)), lanes.waitingCount]).toEqual([['0/3'], 0])
  })

  test('leaves out what came from before the done position, and what is of no partition here', () => {
    const lanes = new Lanes([{ topic: T, partition: 0, offset: 5 }])
    for (const one of [message(0, 4), message(0, 5), message(7, 5)]) lanes.add(one, 1)
    expect(placesOf(lanes.take(9))).toEqual(['0/5'])
  })
})

describe('finishing', () => {
  test('moves each partition past its messages, once', () => {
    const lanes = filled()
    const hold = taken(lanes, 6)
    expect(lanes.finish(hold)).toEqual([
      { topic: T, partition: 0, offset: 9 },
      { topic: T, partition: 1, offset: 7 },
    ])
    expect(lanes.finish(hold)).toEqual([])
    expect(placesOf(lanes.take(9))).toEqual(['1/7', '1/8'])
  })

  test('of earlier lanes moves a partition that is here again, and drops what came of it', () => {
    const hold = taken(filled(), 3)
    const later = new Lanes([{ topic: T, partition: 0, offset: 5 }])
    for (const at of [5, 6, 7, 8]) later.add(message(0, at), 1)
    expect(later.finish(hold)).toEqual([{ topic: T, partition: 0, offset: 8 }])
    expect([placesOf(later.take(9)), later.waitingCount]).toEqual([['0/8'], 0])
  })

  test('of earlier lanes neither moves what is elsewhere now nor takes back what went on', () => {
    const hold = taken(filled(), 6)
    const later = new Lanes([{ topic: T, partition: 0, offset: 20 }])
    expect(later.finish(hold)).toEqual([])
    expect(later.doneAt({ topic: T, partition: 0 })).toBe(20)
  })

  test('of earlier lanes leaves a partition alone that has moved since', () => {
    const early = taken(filled(), 3)
    const later = new Lanes([{ topic: T, partition: 0, offset: 5 }])
    for (const at of [5, 6, 7, 8]) later.add(message(0, at), 1)
    later.finish(taken(later, 1))
    expect(later.finish(early)).toEqual([])
    expect(placesOf(later.take(9))).toEqual(['0/6', '0/7', '0/8'])
  })

  test('of earlier lanes while the same messages are held again: released, those that are done do not come', () => {
    const early = taken(filled(), 3)
    const later = new Lanes([{ topic: T, partition: 0, offset: 5 }])
    for (const at of [5, 6, 7, 8]) later.add(message(0, at), 1)
    const again = taken(later, 9)
    later.finish(early)
    later.release(again)
    expect(placesOf(later.take(9))).toEqual(['0/8'])
  })
})

describe('passing over what means nothing', () => {
  const at5 = (): Lanes => new Lanes([{ topic: T, partition: 0, offset: 5 }])
  const moved = (offset: number): readonly unknown[] => [{ topic: T, partition: 0, offset }]

  test('moves a partition at once where nothing is before it', () => {
    const lanes = at5()
    for (const at of [5, 6]) lanes.pass(message(0, at))
    expect([lanes.passed(), lanes.passed(), lanes.take(9)]).toEqual([moved(7), [], null])
    expect(lanes.doneAt({ topic: T, partition: 0 })).toBe(7)
  })

  test.each([
    ['waits', () => undefined],
    ['is held', (lanes: Lanes) => taken(lanes, 9)],
  ])('moves it behind a message that %s only with that', (_, before) => {
    const lanes = at5()
    lanes.add(message(0, 5), 1)
    const held = before(lanes)
    lanes.pass(message(0, 6))
    expect(lanes.passed()).toEqual([])
    expect(lanes.finish(held ?? taken(lanes, 9))).toEqual(moved(7))
  })

  test('loses nothing that is given back', () => {
    const lanes = at5()
    lanes.add(message(0, 5), 1)
    const held = taken(lanes, 9)
    lanes.pass(message(0, 6))
    lanes.release(held)
    expect(lanes.passed()).toEqual([])
    const again = taken(lanes, 9)
    expect([placesOf(again), lanes.finish(again)]).toEqual([['0/5'], moved(7)])
  })

  test('moves on with what was handled for earlier lanes', () => {
    const early = taken(filled(), 1)
    const later = at5()
    later.add(message(0, 5), 1)
    later.pass(message(0, 6))
    expect([later.finish(early), later.take(9)]).toEqual([moved(7), null])
  })

  test('does not move past what came after it', () => {
    const lanes = at5()
    lanes.pass(message(0, 5))
    lanes.add(message(0, 6), 1)
    lanes.add(message(0, 7), 1)
    expect([lanes.passed(), lanes.finish(taken(lanes, 1))]).toEqual([[], moved(7)])
  })
})

describe('releasing', () => {
  test('gives messages back unmoved, in order', () => {
    const lanes = filled()
    const hold = taken(lanes, 2)
    lanes.release(hold)
    expect([lanes.waitingCount, lanes.freeCount]).toEqual([8, 8])
    expect(placesOf(lanes.take(8))?.filter((place) => place.startsWith('0/'))).toEqual([
      '0/5',
      '0/6',
      '0/7',
      '0/8',
    ])
  })

  test('of earlier lanes changes nothing', () => {
    const hold = taken(filled(), 8)
    const later = new Lanes([{ topic: T, partition: 0, offset: 5 }])
    later.release(hold)
    expect([later.waitingCount, later.take(9)]).toEqual([0, null])
  })
})
