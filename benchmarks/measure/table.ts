// Owns: tables as Markdown, of medians with their spread. Pure.
import { median, spread } from './statistics.ts'

export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  const rule = head.map((_, index) => (index === 0 ? '---' : '---:'))
  return [line(head), line(rule), ...rows.map(line)].join('\n')
}

/** The median, and from where to where the values went where there are several. */
export function medianWords(values: readonly number[]): string {
  const known = values.filter((value) => !Number.isNaN(value))
  if (known.length === 0) return '-'
  const [least, most] = spread(known)
  const middle = shown(median(known))
  return known.length === 1 || least === most ? middle : `${middle} (${shown(least)}-${shown(most)})`
}

/** As many digits as somebody would read. */
function shown(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString('en')
  return value.toFixed(value >= 10 ? 1 : 2)
}
