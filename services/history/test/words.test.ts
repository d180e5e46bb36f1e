// Scenes: which words an entry is found by.
import { expect, test } from 'vitest'
import { WORD_LENGTH_MAX, wordsIn, wordsOf, WORDS_COUNT_MAX } from '../words.ts'

test.each([
  ['nothing', '', []],
  ['signs only', ' -- / ', []],
  ['upper case and signs', 'Maya.Sari@Example', ['maya', 'sari', 'example']],
  ['a word twice', 'a A', ['a']],
  ['letters of any alphabet', 'Übung 日本 ٣', ['übung', '日本', '٣']],
])('given %s, then its words are these', (_given, text, words) => {
  expect(wordsIn(text)).toEqual(words)
})

test('given what an entry says, then values are words and names of fields are not', () => {
  const data = {
    code: '200',
    messages: 'Insert Success',
    result: { city: ['Bandung', 7, null, true, undefined] },
  }
  expect(wordsOf({ ...data, code: '200' })).toEqual(['insert', 'success', 'bandung', '7'])
})

test('given more than is kept, then it is cut at the bound, and a long word is found by its beginning', () => {
  const texts = Array.from({ length: WORDS_COUNT_MAX + 1 }, (_, index) => `word${index}`)
  expect(wordsOf({ code: '200', result: texts }).length).toBe(WORDS_COUNT_MAX)
  expect(wordsOf({ code: '200', result: texts.slice(0, -1) }).at(-1)).toBe(`word${WORDS_COUNT_MAX - 1}`)
  const long = 'x'.repeat(WORD_LENGTH_MAX + 1)
  expect(wordsIn(long)).toEqual(wordsOf({ code: '200', messages: long.slice(0, -1) }))
})
