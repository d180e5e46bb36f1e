// Owns: that the documents are fresh, and how their blocks are found and filled.
import { describe, expect, test } from 'vitest'
import { planBook, renderDiagram, tableOf } from './diagrams.ts'
import { fill, stale } from './docs/blocks.ts'
import { renderSnippet, snippetOf } from './snippets.ts'

test('every generated block of the documents is as the code says today', async () => {
  const diagrams = renderDiagram(await planBook())
  const pathsOf = (found: readonly { readonly path: string }[]) => found.map(({ path }) => path)
  expect({ snippets: pathsOf(stale(renderSnippet)), diagrams: pathsOf(stale(diagrams)) }).toEqual({
    snippets: [],
    diagrams: [],
  })
})

describe('a block', () => {
  const render = (kind: string, argument: string) => (kind === 'word' ? `${argument}!` : null)

  test('is replaced whole; what is not known stays', () => {
    const text = 'a\n<!-- word: hello -->\nold\nolder\n<!-- end -->\nb\n<!-- other: x -->\nc'
    expect(fill(text, render)).toBe(
      'a\n<!-- word: hello -->\n\nhello!\n\n<!-- end -->\nb\n<!-- other: x -->\nc',
    )
  })

  test('that is fresh does not change', () => {
    const text = '<!-- word: hello -->\n\nhello!\n\n<!-- end -->\n'
    expect(fill(text, render)).toBe(text)
  })

  test('without an end is refused', () => {
    expect(() => fill('<!-- word: hello -->\nold', render)).toThrow("has no '<!-- end -->'")
  })
})

describe('a snippet', () => {
  const source = [
    'const one = 1',
    '',
    'export function two(): number {',
    '  // region inner',
    '    const x = 2',
    '',
    '      return x',
    '  // endregion',
    '}',
    '',
    '/** Three. */',
    "export const three = start('x')",
    '  .step({',
    '    a: 1,',
    '  })',
    'const four = 4',
  ].join('\n')

  test.for([
    ['one', 'const one = 1'],
    ['inner', 'const x = 2\n\n  return x'],
    ['three', "export const three = start('x')\n  .step({\n    a: 1,\n  })"],
    ['four', 'const four = 4'],
  ] as const)('%s', ([name, expected]) => {
    expect(snippetOf(source, name, 'a.ts')).toBe(expected)
  })

  test('of nothing is refused', () => {
    expect(() => snippetOf(source, 'thre', 'a.ts')).toThrow("a.ts has no region or declaration 'thre'")
  })
})

test('a table of an opening comment, with a line that goes on', () => {
  const source =
    '// Owns.\n//\n// | a | b  |\n// |---|----|\n// | 1 | x; |\n// |   | y  |\nimport "z"\n// | no | no |'
  expect(tableOf(source, 'a.ts')).toBe('| a | b |\n|---|---|\n| 1 | x; y |')
})

test('a plan that nobody exports is refused', () => {
  expect(() => renderDiagram(new Map())('diagram', 'no.plan')).toThrow("no plan 'no.plan'")
})
