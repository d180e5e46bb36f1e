// A stall: messages wait, and for long none of them is read.
import { expect, test } from 'vitest'
import { StallWatch } from '../src/watch.ts'

const at = (read: number, end: number) => [{ topic: 't', partition: 0, read, end }]

test('is a position that stands still behind the end for as long as the watch waits', () => {
  const watch = new StallWatch(30)
  expect(watch.look(at(5, 9), 100)).toEqual([])
  expect(watch.look(at(5, 12), 129)).toEqual([])
  expect(watch.look(at(5, 12), 130)).toEqual(at(5, 12))
})

test('is not one that moves, however slowly, nor one that has read everything', () => {
  const watch = new StallWatch(30)
  expect([100, 120, 140, 160].map((now, index) => watch.look(at(5 + index, 99), now))).toEqual([
    [],
    [],
    [],
    [],
  ])
  expect([180, 300].map((now) => watch.look(at(9, 9), now))).toEqual([[], []])
})

test('is measured anew after a while without the partition', () => {
  const watch = new StallWatch(30)
  watch.look(at(5, 9), 100)
  watch.look([], 120)
  expect(watch.look(at(5, 9), 140)).toEqual([])
})
