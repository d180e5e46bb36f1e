// Owns: what the documents show of plans and tables: blocks `<!-- diagram: <plan> -->` (Mermaid) and
// `<!-- reactions: <plan> -->` are computed from the plan itself, `<!-- table: <file> -->` is the table that stands in
// the file's opening comment. Run: `node scripts/diagrams.ts`; with `--check` it fails when a document is stale.
import { readFileSync } from 'node:fs'
import { mermaid, reactionTable } from '@ensemble/core'
import type { Plan } from '@ensemble/core'
import { fenced, main, ROOT } from './docs/blocks.ts'
import type { Render } from './docs/blocks.ts'

/** Modules whose exported plans the documents may show. */
const PLAN_MODULES = [
  'services/contracts/index.ts',
  'examples/01-first-saga/saga.ts',
  'examples/02-handlers/handlers.ts',
]

/** The plans by name, loaded from their modules. */
export async function planBook(): Promise<ReadonlyMap<string, Plan>> {
  const book = new Map<string, Plan>()
  for (const path of PLAN_MODULES) {
    const module: unknown = await import(new URL(path, ROOT).href)
    for (const value of Object.values(module ?? {})) if (isPlan(value)) book.set(value.name, value)
  }
  return book
}

function isPlan(value: unknown): value is Plan {
  return (
    typeof value === 'object' && value !== null && 'outline' in value && 'steps' in value && 'end' in value
  )
}

export function renderDiagram(plans: ReadonlyMap<string, Plan>): Render {
  return (kind, argument) => {
    if (kind === 'table') return tableOf(readFileSync(new URL(argument, ROOT), 'utf8'), argument)
    if (kind !== 'diagram' && kind !== 'reactions') return null
    const plan = plans.get(argument)
    if (plan === undefined)
      throw new Error(`no plan '${argument}'; there are: ${[...plans.keys()].join(', ')}`)
    return kind === 'diagram' ? fenced('mermaid', mermaid(plan)) : reactionTable(plan)
  }
}

/** The first table in a file's opening comment; a line whose first cell is empty goes on with the line before it. */
export function tableOf(source: string, path: string): string {
  const comment = source.split('\n').slice(
    0,
    Math.max(
      0,
      source.split('\n').findIndex((line) => !line.startsWith('//')),
    ),
  )
  const rows = comment.filter((line) => line.startsWith('// |')).map(cellsOf)
  if (rows.length < 3) throw new Error(`${path} opens with no table`)
  const merged: string[][] = []
  for (const cells of rows) {
    const last = merged.at(-1)
    if (cells[0] !== '' || last === undefined) merged.push([...cells])
    else for (const [index, cell] of cells.entries()) last[index] = `${last[index] ?? ''} ${cell}`.trim()
  }
  return merged
    .map((cells) => (cells.every((cell) => /^-+$/.test(cell)) ? ruleOf(cells) : lineOf(cells)))
    .join('\n')
}

function cellsOf(line: string): readonly string[] {
  const cells = line.slice('// |'.length).split('|')
  return cells.slice(0, -1).map((cell) => cell.trim())
}

function lineOf(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}

function ruleOf(cells: readonly string[]): string {
  return `|${cells.map(() => '---').join('|')}|`
}

if (import.meta.main) {
  process.exitCode = main('diagrams.ts', renderDiagram(await planBook()), process.argv.slice(2))
}
