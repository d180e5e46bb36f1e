// Owns: code in the documents: blocks `<!-- snippet: <file>#<name> -->` are filled from the file, so that no snippet is
// typed twice. Run: `node scripts/snippets.ts`; with `--check` it fails when a document is stale.
// I1: <name> is a region (`// region <name>` ... `// endregion`), or else a declaration at the top level of the file.
import { readFileSync } from 'node:fs'
import { fenced, main, ROOT } from './docs/blocks.ts'

export function renderSnippet(kind: string, argument: string): string | null {
  if (kind !== 'snippet') return null
  const [path = '', name = ''] = argument.split('#')
  return fenced('ts', snippetOf(readFileSync(new URL(path, ROOT), 'utf8'), name, path))
}

/** A region or a declaration of a source text, its indentation taken off. Errors: when there is none of that name. */
export function snippetOf(source: string, name: string, path: string): string {
  const lines = source.split('\n')
  const found = regionOf(lines, name) ?? declarationOf(lines, name)
  if (found === null) throw new Error(`${path} has no region or declaration '${name}'`)
  return dedented(found).join('\n').trim()
}

function regionOf(lines: readonly string[], name: string): readonly string[] | null {
  const begin = lines.findIndex((line) => line.trim() === `// region ${name}`)
  if (begin < 0) return null
  const length = lines.slice(begin + 1).findIndex((line) => line.trim() === '// endregion')
  return length < 0 ? null : lines.slice(begin + 1, begin + 1 + length)
}

const KEYWORDS = '(?:export )?(?:async )?(?:const|function|interface|type|class)'

function declarationOf(lines: readonly string[], name: string): readonly string[] | null {
  const pattern = new RegExp(`^${KEYWORDS} ${name}\\b`)
  const begin = lines.findIndex((line) => pattern.test(line))
  if (begin < 0) return null
  const after = lines.slice(begin + 1)
  const next = after.findIndex((line) => /^[^\s})\]]/.test(line))
  const rest = next < 0 ? after : after.slice(0, next)
  const closed = rest.findLastIndex((line) => /^[})\]]/.test(line))
  return [lines[begin] ?? '', ...(closed < 0 ? rest : rest.slice(0, closed + 1))]
}

function dedented(lines: readonly string[]): readonly string[] {
  const indents = lines
    .filter((line) => line.trim() !== '')
    .map((line) => line.length - line.trimStart().length)
  const least = Math.min(...indents)
  return lines.map((line) => line.slice(least))
}

if (import.meta.main) process.exitCode = main('snippets.ts', renderSnippet, process.argv.slice(2))
