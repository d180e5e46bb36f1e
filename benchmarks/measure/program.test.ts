import { expect, test } from 'vitest'
import { numberAt, resultIn, toldOf } from './program.ts'
import { markdownTable, medianWords } from './table.ts'

test('the result is the last line, if that is an object', () => {
  expect(resultIn('starting\n{"a":1}\n')).toEqual({ a: 1 })
  expect(resultIn('{"a":1}\nbroken')).toBe(undefined)
  expect(resultIn('7')).toBe(undefined)
  expect(resultIn('')).toBe(undefined)
})

test('a failure is told without paths, and without who is let into the server', () => {
  const args = ['--backlog', '9', '--database-url', 'postgres://somebody:secret@127.0.0.1:1/postgres']
  expect(toldOf('/home/somebody/bench.ts', args)).toBe('bench.ts --backlog 9 --database-url postgres://...')
})

test('what a result does not have is no number', () => {
  expect(numberAt({ a: 1, b: null }, 'a')).toBe(1)
  expect(numberAt({ a: 1, b: null }, 'b')).toBeNaN()
})

test('medians in words: alone, with their spread, or unknown', () => {
  expect(medianWords([5])).toBe('5.00')
  expect(medianWords([90, 120, 100])).toBe('100 (90.0-120)')
  expect(medianWords([2_000, 1_000])).toBe('1,500 (1,000-2,000)')
  expect(medianWords([Number.NaN])).toBe('-')
})

test('a table is Markdown', () => {
  expect(markdownTable(['what', 'how much'], [['a', '1']])).toBe(
    '| what | how much |\n| --- | ---: |\n| a | 1 |',
  )
})
