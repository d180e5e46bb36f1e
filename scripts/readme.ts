// Owns: what tests read of README.md: its code blocks, tables and links. Pure but for the file.
import { readFileSync } from 'node:fs'
import { ROOT } from './docs/blocks.ts'

export interface Block {
  readonly language: string
  readonly text: string
  /** The heading it stands under. */
  readonly heading: string
}

export function readReadme(): string {
  return readFileSync(new URL('README.md', ROOT), 'utf8')
}

export function blocksOf(markdown: string): readonly Block[] {
  const blocks: Block[] = []
  let heading = ''
  let open: { language: string; lines: string[] } | undefined
  for (const line of markdown.split('\n')) {
    if (open === undefined) {
      if (line.startsWith('```')) open = { language: line.slice(3), lines: [] }
      else if (line.startsWith('#')) heading = line.replace(/^#+ /, '')
    } else if (line === '```') {
      blocks.push({ language: open.language, text: open.lines.join('\n'), heading })
      open = undefined
    } else open.lines.push(line)
  }
  return blocks
}

/** Cells of the table under a heading, without its head. */
export function tableUnder(markdown: string, heading: string): readonly (readonly string[])[] {
  const [, after = ''] = markdown.split(`\n## ${heading}\n`)
  const [section = ''] = after.split('\n## ')
  const rows = section.split('\n').filter((line) => line.startsWith('|'))
  return rows.slice(2).map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
}

/** Paths of links that stay in the project. */
export function linkedPaths(markdown: string): readonly string[] {
  return [...markdown.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map(([, path = '']) => path)
}

/** Names after `npm run`. */
export function scriptsNamed(markdown: string): readonly string[] {
  return [...new Set([...markdown.matchAll(/npm run ([\w:-]+)/g)].map(([, name = '']) => name))]
}
