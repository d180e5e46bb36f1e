// Owns: the report as text: a section for each question, with its table, its plots and its commands. Pure.
import { median, spread } from '../measure/statistics.ts'
import { markdownTable, medianWords } from '../measure/table.ts'
import { CONTENDER_NAMES } from '../peers/contenders.ts'
import { SECTIONS, type SectionName } from './options.ts'
import type { Plot } from './plot.ts'
import { valuesOf, type Metric, type Results, type Row, type Section } from './record.ts'

interface Drawn {
  readonly file: string
  readonly metric: Metric
  readonly plot: Pick<Plot, 'title' | 'x' | 'y'>
}

interface Chapter {
  readonly title: string
  /** Of the column that tells the rows of a series apart. */
  readonly x: string
  readonly text: string
  /** A run lasts until its work is done, not for so many seconds. */
  readonly isOpenEnded?: boolean
  readonly drawn: readonly Drawn[]
}

const CALLERS_AXIS = { label: 'callers', isLog: true }
const COST_AXIS = { label: 'CPU ms per saga, all processes', isLog: false }

const CHAPTERS: Readonly<Record<SectionName, Chapter>> = {
  callers: {
    title: 'Throughput and latency against callers',
    x: 'callers',
    text:
      'The order saga, every tenth refused, on both buses and on other engines, in the same rounds on one server. ' +
      'With `kafka` the broker is on the same machine and its processor time is counted.',
    drawn: [
      {
        file: 'callers-throughput',
        metric: 'per_s',
        plot: { title: 'Sagas per second', x: CALLERS_AXIS, y: { label: 'sagas/s', isLog: true } },
      },
      {
        file: 'callers-latency',
        metric: 'p50_ms',
        plot: { title: 'Median latency', x: CALLERS_AXIS, y: { label: 'p50, ms', isLog: true } },
      },
      {
        file: 'callers-cost',
        metric: 'cpu_ms',
        plot: { title: 'Processor time', x: CALLERS_AXIS, y: { ...COST_AXIS, isLog: true } },
      },
    ],
  },
  refusals: { title: 'Refusals', x: 'refused', text: 'A refused saga undoes two steps.', drawn: [] },
  steps: {
    title: 'Cost against steps',
    x: 'steps',
    text: 'Nothing is refused. Four steps are the order saga; more are marks before the charge.',
    drawn: [
      {
        file: 'steps-cost',
        metric: 'cpu_ms',
        plot: { title: 'Cost of a saga', x: { label: 'steps', isLog: false }, y: COST_AXIS },
      },
    ],
  },
  values: {
    title: 'Size of values',
    x: 'bytes',
    text: 'Of a note that two steps carry and keep.',
    drawn: [],
  },
  processes: {
    title: 'One process and many',
    x: 'callers',
    text: '`many`: the payments are a process of their own; the orders stay with the callers.',
    drawn: [],
  },
  history: {
    title: 'Cost against history',
    x: 'finished before',
    text: 'Finished sagas that are in the tables before the run, as copies of a real one.',
    drawn: [
      {
        file: 'history-cost',
        metric: 'cpu_ms',
        plot: { title: 'Cost of a new saga', x: { label: 'finished sagas', isLog: false }, y: COST_AXIS },
      },
    ],
  },
  waiting: {
    title: 'Sagas that wait',
    x: 'waiting',
    text: 'Sagas that wait for a payment while others run, as copies of a real one.',
    drawn: [],
  },
  recovery: {
    title: 'Recovery against backlog',
    x: 'backlog',
    text:
      'The payments are a process of their own, which is killed (SIGKILL) with sagas in flight; that of the orders ' +
      'goes on starting sagas, which stop at their payments. The seconds are those from the start of the new process ' +
      'until every saga has ended.',
    isOpenEnded: true,
    drawn: [
      {
        file: 'recovery-seconds',
        metric: 'recovery_s',
        plot: {
          title: 'Seconds until every saga has ended',
          x: { label: 'sagas that wait', isLog: true },
          y: { label: 'seconds', isLog: true },
        },
      },
    ],
  },
  http: {
    title: 'The whole system over HTTP',
    x: 'clients',
    text: 'POST order, PUT payment, until the saga has ended; validation, history and notification are on.',
    drawn: [],
  },
}

const COLUMNS: readonly (readonly [head: string, metric: Metric])[] = [
  ['recovery s', 'recovery_s'],
  ['per second', 'per_s'],
  ['p50 ms', 'p50_ms'],
  ['p99 ms', 'p99_ms'],
  ['CPU ms', 'cpu_ms'],
  ['commits', 'commits'],
  ['WAL bytes', 'wal_bytes'],
  ['messages', 'messages'],
]

export interface Report {
  readonly text: string
  readonly plots: readonly { readonly file: string; readonly plot: Plot }[]
}

export function reportOf(results: Results): Report {
  const found = SECTIONS.flatMap((name) => {
    const section = results[name]
    return section === undefined ? [] : [{ chapter: CHAPTERS[name], section }]
  })
  const parts = found.map(({ chapter, section }) => chapterText(chapter, section))
  return {
    text: [HEAD, ...parts].join('\n\n').concat('\n'),
    plots: found.flatMap(({ chapter, section }) =>
      chapter.drawn.map(({ file, metric, plot }) => ({
        file,
        plot: { ...plot, series: seriesOf(section.rows, metric) },
      })),
    ),
  }
}

const HEAD = `# Results

Made by \`npm run bench:report\`; [README.md](README.md) says what is measured and how. Each number is the median of the
rounds, with the least and the most in brackets. CPU, commits, log bytes and messages are those of one saga; CPU is that
of all processes. Durable settings (\`fsync\`, \`synchronous_commit\`, \`full_page_writes\`) were on in every run, and
the invariants held unless a failure is named.`

function chapterText({ title, x, text, drawn, isOpenEnded = false }: Chapter, section: Section): string {
  const { measured, machine, rounds, seconds, rows } = section
  const length = isOpenEnded ? '' : ` of ${seconds} s`
  const how = `${rounds} ${rounds === 1 ? 'round' : 'rounds'}${length}, ${measured}, ${machine}.`
  const plots = drawn.map(({ file, plot }) => `![${plot.title}](plots/${file}.svg)`)
  const failures = rows.flatMap(({ series, x: at, failures: those }) =>
    those.map((failure) => `* failed: ${series}, ${at}: ${failure.split('\n')[0] ?? ''}`),
  )
  const commands = ['```', ...rows.map(({ typed }) => typed), '```']
  return [
    `## ${title}`,
    text,
    how,
    tableOf(x, rows),
    ...plots,
    ...(failures.length > 0 ? [failures.join('\n')] : []),
    `<details><summary>The commands</summary>\n\n${commands.join('\n')}\n\n</details>`,
  ].join('\n\n')
}

function tableOf(x: string, rows: readonly Row[]): string {
  const told = COLUMNS.filter(([, metric]) => rows.some((row) => valuesOf(row, metric).length > 0))
  const hasPeer = rows.some(isYardstick)
  const head = ['', x, ...told.map(([word]) => word), ...(hasPeer ? [`x ${CONTENDER_NAMES.restate}`] : [])]
  const lines = rows.map((row) => [
    row.series,
    row.x.toLocaleString('en'),
    ...told.map(([, metric]) => medianWords(valuesOf(row, metric))),
    ...(hasPeer ? [timesOf(row, rows)] : []),
  ])
  return markdownTable(head, lines)
}

function isYardstick({ series }: Row): boolean {
  return series === CONTENDER_NAMES.restate
}

/** How many times as fast as the yardstick with as many callers. */
function timesOf(row: Row, rows: readonly Row[]): string {
  const yardstick = rows.find((other) => isYardstick(other) && other.x === row.x)
  const times = yardstick && median(valuesOf(row, 'per_s')) / median(valuesOf(yardstick, 'per_s'))
  return times === undefined || Number.isNaN(times) ? '-' : times.toFixed(1)
}

function seriesOf(rows: readonly Row[], metric: Metric): Plot['series'] {
  const names = [...new Set(rows.map(({ series }) => series))]
  return names.map((name) => ({
    name,
    points: rows
      .filter(({ series }) => series === name)
      .flatMap((row) => {
        const values = valuesOf(row, metric)
        if (values.length === 0) return []
        const [least, most] = spread(values)
        return [{ x: row.x, y: median(values), least, most }]
      }),
  }))
}
