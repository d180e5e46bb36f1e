// Owns: the table of a comparison: for each number of callers, the contenders and their medians. Pure.
import { numberAt } from '../measure/program.ts'
import { markdownTable, medianWords } from '../measure/table.ts'
import type { Entry } from '../measure/rounds.ts'
import { CONTENDER_NAMES, type ContenderCell } from './contenders.ts'

const COLUMNS = ['sagas_per_s', 'p50_ms', 'p99_ms', 'cpu_ms_per_saga_all'] as const

export function peersTable(entries: readonly Entry<ContenderCell>[]): string {
  const counts = [...new Set(entries.map(({ cell }) => cell.concurrency))]
  const rows = counts.flatMap((concurrency) => {
    const those = entries.filter(({ cell }) => cell.concurrency === concurrency)
    const contenders = [...new Set(those.map(({ cell }) => cell.contender))]
    return contenders.map((contender) => {
      const own = those.filter(({ cell }) => cell.contender === contender)
      const cells = COLUMNS.map((name) => medianWords(own.map(({ measured }) => numberAt(measured, name))))
      return [CONTENDER_NAMES[contender], String(concurrency), ...cells]
    })
  })
  const head = ['engine', 'callers', 'sagas/s', 'p50 ms', 'p99 ms', 'CPU ms per saga']
  return markdownTable(head, rows)
}
