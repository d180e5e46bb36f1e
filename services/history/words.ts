// Owns: which words an entry can be found by. Pure.
// I1: asked for and stored, a text has the same words: whole ones, in lower case, without what stands between them.
import type { EntryData } from './documents.ts'

/** More of one entry are left out. */
export const WORDS_COUNT_MAX = 200
/** Longer ones are found by their beginning. */
export const WORD_LENGTH_MAX = 64

export function wordsIn(text: string): readonly string[] {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []
  return [...new Set(words.map((word) => word.slice(0, WORD_LENGTH_MAX).toWellFormed()))]
}

/** Of what the entry says: texts and numbers, without the names of fields. */
export function wordsOf({ result, messages, error }: EntryData): readonly string[] {
  const words = new Set<string>()
  const values: unknown[] = [result, messages, error]
  for (let index = 0; index < values.length && words.size < WORDS_COUNT_MAX; index += 1) {
    const value = values[index]
    if (typeof value === 'string' || typeof value === 'number')
      for (const word of wordsIn(String(value))) words.add(word)
    else if (typeof value === 'object' && value !== null)
      values.push(...(Object.values(value) as readonly unknown[]))
  }
  return [...words].slice(0, WORDS_COUNT_MAX)
}
