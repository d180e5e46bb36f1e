// Owns: the demo's table as text. Pure.
import type { Played } from './play.ts'

const HEAD = ['case', 'pattern', 'order', 'payment', 'steps', 'undone steps', 'ms', 'as expected']
const IS_NUMBER = new Set(['steps', 'ms'])

export function isAsExpected({ ending, case: { ending: expected } }: Played): boolean {
  return JSON.stringify(inOrder(ending)) === JSON.stringify(inOrder(expected))
}

function inOrder({ order, payment, steps, undone, money }: Played['ending']): unknown {
  return [order, payment, steps, undone, money.in, money.change, money.refund]
}

export function tableOf(played: readonly Played[]): string {
  const rows = [HEAD, ...played.map(cellsOf)]
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)))
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => padded(cell, column, widths[column] ?? 0))
      .join('  ')
      .trimEnd()
  const rule = widths.map((width) => '-'.repeat(width)).join('  ')
  return [line(HEAD), rule, ...rows.slice(1).map(line)].join('\n')
}

function padded(cell: string, column: number, width: number): string {
  return IS_NUMBER.has(HEAD[column] ?? '') ? cell.padStart(width) : cell.padEnd(width)
}

function cellsOf(one: Played): readonly string[] {
  const { ending, milliseconds, pattern } = one
  return [
    one.case.name,
    pattern,
    ending.order,
    ending.payment,
    String(ending.steps.length),
    ending.undone.join(', ') || '-',
    String(milliseconds),
    isAsExpected(one) ? 'yes' : 'NO',
  ]
}
