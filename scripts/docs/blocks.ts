// Owns: blocks of Markdown that a script fills: found by their marker, filled, compared. Pure but for files.
// Does not own: what a block holds (diagrams.ts, snippets.ts).
// I1: a block is what stands between `<!-- <kind>: <argument> -->` and the next `<!-- end -->`; each on a line alone.
// I2: a block that does not end, or that nobody can fill, is an error: never an empty block.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'

export const ROOT = new URL('../../', import.meta.url)

const END = '<!-- end -->'
const MARKER = /^<!-- ([a-z]+): (.+) -->$/

/** What a block of a kind holds, given its argument; null when this renderer does not know the kind. */
export type Render = (kind: string, argument: string) => string | null

/** The text with every known block filled. Errors: a block without an end, and whatever `render` throws. */
export function fill(text: string, render: Render): string {
  const lines = text.split('\n')
  const filled: string[] = []
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index] ?? ''
    filled.push(line)
    const [, kind, argument] = MARKER.exec(line) ?? []
    const content = kind === undefined || argument === undefined ? null : render(kind, argument)
    if (content === null) continue
    const end = lines.indexOf(END, index)
    if (end < 0) throw new Error(`'${line}' has no '${END}'`)
    // GitHub wants a blank line around a table.
    filled.push('', content, '', END)
    index = end
  }
  return filled.join('\n')
}

export function fenced(language: string, text: string): string {
  return ['```' + language, text.trimEnd(), '```'].join('\n')
}

/** The Markdown files that may hold blocks, from the root of the project. */
function documents(): readonly string[] {
  const under = readdirSync(new URL('docs/', ROOT), { recursive: true, encoding: 'utf8' })
  const paths = under.map((path) => `docs/${path.replaceAll('\\', '/')}`)
  return ['README.md', 'ARCHITECTURE.md', ...paths].filter((path) => path.endsWith('.md')).sort()
}

export interface Stale {
  readonly path: string
  readonly text: string
}

/** The documents that are not as they would be filled now. */
export function stale(render: Render): readonly Stale[] {
  return documents().flatMap((path) => {
    const before = textOf(path)
    const text = before === null ? null : within(path, () => fill(before, render))
    return text === null || text === before ? [] : [{ path, text }]
  })
}

/** Fills the documents, or with `--check` only says which are stale. Answers the exit code. */
export function main(script: string, render: Render, args: readonly string[]): number {
  const found = stale(render)
  const checks = args.includes('--check')
  if (!checks) for (const { path, text } of found) writeFileSync(new URL(path, ROOT), text)
  for (const { path } of found) process.stdout.write(`${path} ${checks ? 'is stale' : 'filled'}\n`)
  const hint = checks && found.length > 0 ? `; run \`node scripts/${script}\`` : ''
  process.stdout.write(`${script}: ${found.length} documents ${checks ? 'stale' : 'changed'}${hint}\n`)
  return checks && found.length > 0 ? 1 : 0
}

function textOf(path: string): string | null {
  try {
    return readFileSync(new URL(path, ROOT), 'utf8')
  } catch {
    // Not every document is there from the first day.
    return null
  }
}

function within<T>(path: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw new Error(`${path}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
}
