// Owns: what was measured, as it is kept between reports: a section that is measured anew replaces what was there.
import type { Measured } from '../measure/program.ts'
import type { Entry } from '../measure/rounds.ts'
import type { ReportOptions, SectionName } from './options.ts'
import type { ReportCell } from './sections.ts'

/** Of a run, what the report shows. */
export type Numbers = Readonly<Partial<Record<Metric, number>>>

export const METRICS = [
  'recovery_s',
  'per_s',
  'p50_ms',
  'p99_ms',
  'cpu_ms',
  'cpu_ms_ours',
  'cpu_ms_postgres',
  'cpu_ms_kafka',
  'commits',
  'wal_bytes',
  'messages',
] as const
export type Metric = (typeof METRICS)[number]

export interface Row {
  readonly series: string
  readonly x: number
  readonly typed: string
  /** One of each round that did not fail. */
  readonly rounds: readonly Numbers[]
  readonly failures: readonly string[]
}

export interface Section {
  readonly measured: string
  readonly machine: string
  readonly rounds: number
  readonly seconds: number
  readonly rows: readonly Row[]
}

export type Results = Readonly<Partial<Record<SectionName, Section>>>

interface Circumstances {
  readonly options: ReportOptions
  readonly machine: string
  readonly measured: string
}

/** Pure. */
export function recorded(
  before: Results,
  entries: readonly Entry<ReportCell>[],
  { options, machine, measured }: Circumstances,
): Results {
  const { rounds, seconds } = options
  const names = [...new Set(entries.map(({ cell }) => cell.section))]
  const sections = names.map((name) => {
    const rows = rowsOf(entries.filter(({ cell }) => cell.section === name))
    return [name, { measured, machine, rounds, seconds, rows } satisfies Section] as const
  })
  return { ...before, ...Object.fromEntries(sections) }
}

function rowsOf(entries: readonly Entry<ReportCell>[]): readonly Row[] {
  const cells = [...new Set(entries.map(({ cell }) => cell))]
  const rows = cells.map((cell): Row => {
    const own = entries.filter((entry) => entry.cell === cell)
    return {
      series: cell.series,
      x: cell.x,
      typed: cell.typed,
      rounds: own.flatMap(({ measured }) => (measured === null ? [] : [numbersOf(measured)])),
      failures: own.flatMap(({ failure }) => (failure === null ? [] : [failure])),
    }
  })
  return rows.toSorted((a, b) => a.x - b.x)
}

/** Pure. What a run does not tell is left out. */
export function numbersOf(measured: Measured): Numbers {
  const cpu = measured['cpu_ms_per_saga']
  const part = (whose: string): unknown =>
    typeof cpu === 'object' && cpu !== null ? Reflect.get(cpu, whose) : undefined
  const values: Readonly<Record<Metric, unknown>> = {
    recovery_s: measured['recovery_s'],
    per_s: measured['sagas_per_s'] ?? measured['orders_per_s'],
    p50_ms: measured['p50_ms'],
    p99_ms: measured['p99_ms'],
    cpu_ms: measured['cpu_ms_per_saga_all'],
    cpu_ms_ours: part('ours'),
    cpu_ms_postgres: part('postgres'),
    cpu_ms_kafka: part('kafka'),
    commits: measured['commits_per_saga'],
    wal_bytes: measured['wal_bytes_per_saga'],
    messages: measured['messages_per_saga'],
  }
  return Object.fromEntries(Object.entries(values).filter(([, value]) => typeof value === 'number'))
}

export function valuesOf(row: Row, metric: Metric): readonly number[] {
  return row.rounds.flatMap((numbers) => numbers[metric] ?? [])
}
