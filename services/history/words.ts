// Owns: which words an entry can be found by. Pure.
// I1: asked for and stored, a text has the same words: whole ones, in lower case, without what stands between them.
import type { EntryData } from './documents.ts'

/** More of one entry are left out. */
export const WORDS_COUNT_MAX = 200
/** Longer ones are found by their beginning. */
export const WORD_LENGTH_MAX = 64
const WORD = /[\p{L}\p{N}]+/gu

export function wordsIn(text: string): readonly string[] {
  const words = new Set<string>()
  addWords(words, text)
  return [...words]
}

function addWords(words: Set<string>, text: string): void {
  for (const word of text.toLowerCase().match(WORD) ?? [])
    words.add(word.length > WORD_LENGTH_MAX ? word.slice(0, WORD_LENGTH_MAX).toWellFormed() : word)
}

/** Of what the entry says: texts and numbers, without the names of fields. */
export function wordsOf({ result, messages, error }: EntryData): readonly string[] {
  const words = new Set<string>()
  const values: unknown[] = [result, messages, error]
  for (let index = 0; index < values.length && words.size < WORDS_COUNT_MAX; index += 1) {
    const value = values[index]
    if (typeof value === 'string') addWords(words, value)
    else if (typeof value === 'number') addWords(words, String(value))
    else if (typeof value === 'object' && value !== null)
      values.push(...(Object.values(value) as readonly unknown[]))
  }
  return [...words].slice(0, WORDS_COUNT_MAX)
}
