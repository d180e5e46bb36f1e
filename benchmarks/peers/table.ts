// Owns: the table of a comparison: for each number of callers, the contenders and their medians. Pure.
import { numberAt } from '../measure/program.ts'
import { markdownTable, medianWords } from '../measure/table.ts'
import type { Entry } from './rounds.ts'

const NAMES: Readonly<Record<Entry['contender'], string>> = {
  orchestration: 'Ensemble, orchestration',
  choreography: 'Ensemble, choreography',
  dbos: 'DBOS 5.3',
  restate: 'Restate 1.7',
}
const COLUMNS = ['sagas_per_s', 'p50_ms', 'p99_ms', 'cpu_ms_per_saga_all'] as const

export function peersTable(entries: readonly Entry[]): string {
  const counts = [...new Set(entries.map(({ concurrency }) => concurrency))]
  const rows = counts.flatMap((concurrency) => {
    const those = entries.filter((entry) => entry.concurrency === concurrency)
    const contenders = [...new Set(those.map(({ contender }) => contender))]
    return contenders.map((contender) => {
      const own = those.filter((entry) => entry.contender === contender)
      const cells = COLUMNS.map((name) => medianWords(own.map(({ measured }) => numberAt(measured, name))))
      return [NAMES[contender], String(concurrency), ...cells]
    })
  })
  const head = ['engine', 'callers', 'sagas/s', 'p50 ms', 'p99 ms', 'CPU ms per saga']
  return markdownTable(head, rows)
}
