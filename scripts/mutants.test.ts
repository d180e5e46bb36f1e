// Owns: that every mutant still fits the engine as it is today. That each is caught takes minutes: `npm run mutants`.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { mutants } from './mutants/list.ts'
import { mutated, sourceUrl, type Mutant } from './mutants/mutant.ts'
import { parse } from './tidy/source.ts'

const sourceOf = (mutant: Mutant): string => readFileSync(sourceUrl(mutant), 'utf8')

test.each(mutants.map((mutant) => [mutant.name, mutant] as const))(
  '%s: each text is there once, and the engine with the bug can be parsed',
  (_name, mutant) => {
    const text = mutated(sourceOf(mutant), mutant)
    expect(parse({ path: mutant.file, text }).errors).toEqual([])
  },
)

test('names are unique', () => {
  const names = mutants.map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
})

test('a text that is not there, or twice, makes a mutant stale', () => {
  const mutant = { name: 'm', harm: 'h', file: 'f.ts', edits: [{ find: 'a', replace: 'b' }] }
  expect(() => mutated('xyz', mutant)).toThrow("mutant 'm' is stale: f.ts has 0 of: a")
  expect(() => mutated('a a', mutant)).toThrow("mutant 'm' is stale: f.ts has 2 of: a")
  expect(mutated('x a y', mutant)).toBe('x b y')
})
