// Owns: what the report measures: the cells of each section, each a command that somebody can type.
import { PATTERNS, type Pattern } from '@ensemble/core'
import { fileURLToPath } from 'node:url'
import { flagsOf } from '../measure/options.ts'
import type { Cell } from '../measure/rounds.ts'
import { STEPS_MAX } from '../order-saga/contracts.ts'
import { CONTENDER_NAMES, contenderCell, type Contender } from '../peers/contenders.ts'
import type { ReportOptions, SectionName } from './options.ts'

export interface ReportCell extends Cell {
  readonly section: SectionName
  readonly series: string
  readonly x: number
  /** The command as somebody types it. */
  readonly typed: string
}

const BENCH = fileURLToPath(new URL('../bench.ts', import.meta.url))
const HTTP = fileURLToPath(new URL('../http.ts', import.meta.url))
const BUSES = ['postgres', 'kafka'] as const
const CALLERS = 64
const CALLERS_MANY = 256
const REFUSALS = [0, 0.1, 0.5]
const STEPS = Array.from({ length: STEPS_MAX }, (_, index) => index + 1)
const VALUE_BYTES = [0, 1_000, 10_000, 100_000]
const FAIL = 0.1

type Groups = readonly (readonly ReportCell[])[]

export interface Plan extends ReportOptions {
  /** Other engines that can take part here. */
  readonly peers: readonly Contender[]
}

/** Groups whose cells take turns in a round. */
export function groupsOf(section: SectionName, options: Plan): Groups {
  return GROUPS[section](options)
}

const GROUPS: Readonly<Record<SectionName, (options: Plan) => Groups>> = {
  callers: (options) =>
    options.callers.map((concurrency) => [
      ...BUSES.flatMap((bus) =>
        PATTERNS.map((pattern) =>
          engineCell('callers', { series: `Ensemble, ${pattern}, ${bus}`, x: concurrency }, options, {
            concurrency,
            pattern,
            bus,
          }),
        ),
      ),
      ...options.peers.map((contender): ReportCell => {
        const { seconds, warmUp } = options
        const cell = contenderCell(contender, { concurrency, seconds, warmUp, fail: FAIL })
        const flags = flagsOf({ only: contender, rounds: 1, concurrency, seconds, warmUp, fail: FAIL })
        const typed = `npm run bench:peers -- ${flags.join(' ')}`
        return { ...cell, section: 'callers', series: CONTENDER_NAMES[contender], x: concurrency, typed }
      }),
    ]),
  refusals: (options) => each('refusals', options, REFUSALS, (fail) => ({ fail })),
  steps: (options) => each('steps', options, STEPS, (steps) => ({ steps, fail: 0 })),
  values: (options) => each('values', options, VALUE_BYTES, (valueBytes) => ({ valueBytes })),
  processes: (options) =>
    PATTERNS.map((pattern) =>
      BUSES.flatMap((bus) =>
        ['1', 'many'].map((processes) =>
          engineCell('processes', { series: `${pattern}, ${bus}, ${processes}`, x: CALLERS_MANY }, options, {
            concurrency: CALLERS_MANY,
            pattern,
            bus,
            processes,
          }),
        ),
      ),
    ),
  history: (options) => paired('history', options, [0, options.history], (history) => ({ history })),
  waiting: (options) => paired('waiting', options, [0, options.waiting], (waiting) => ({ waiting })),
  recovery: ({ backlogs }) =>
    backlogs.map((backlog) =>
      PATTERNS.map((pattern) =>
        benchCell('recovery', { series: pattern, x: backlog }, flagsOf({ backlog, pattern })),
      ),
    ),
  http: ({ seconds, warmUp }) => [
    PATTERNS.map((pattern): ReportCell => {
      const args = flagsOf({ concurrency: CALLERS, seconds, 'warm-up': warmUp, pattern })
      return {
        name: `http, ${pattern}`,
        section: 'http',
        series: pattern,
        x: CALLERS,
        typed: `npm run bench:http -- ${args.join(' ')}`,
        command: () => ({ program: HTTP, args }),
      }
    }),
  ],
}

type Flags = Readonly<Record<string, string | number>>
type Flagged = (value: number) => Flags

/** Both patterns at each value. */
function each(
  section: SectionName,
  options: ReportOptions,
  values: readonly number[],
  flags: Flagged,
): Groups {
  return values.map((x) => PATTERNS.map((pattern) => patternCell(section, { pattern, x }, options, flags(x))))
}

/** All values of a pattern take turns, so that each is measured beside the others. */
function paired(
  section: SectionName,
  options: ReportOptions,
  values: readonly number[],
  flags: Flagged,
): Groups {
  return PATTERNS.map((pattern) => values.map((x) => patternCell(section, { pattern, x }, options, flags(x))))
}

function patternCell(
  section: SectionName,
  { pattern, x }: { readonly pattern: Pattern; readonly x: number },
  options: ReportOptions,
  flags: Flags,
): ReportCell {
  return engineCell(section, { series: pattern, x }, options, { concurrency: CALLERS, pattern, ...flags })
}

function engineCell(
  section: SectionName,
  at: Pick<ReportCell, 'series' | 'x'>,
  { seconds, warmUp }: ReportOptions,
  flags: Flags,
): ReportCell {
  return benchCell(section, at, flagsOf({ seconds, warmUp, ...flags }))
}

function benchCell(
  section: SectionName,
  { series, x }: Pick<ReportCell, 'series' | 'x'>,
  args: readonly string[],
): ReportCell {
  return {
    name: `${section}, ${series}, ${x}`,
    section,
    series,
    x,
    typed: `npm run bench -- ${args.join(' ')}`,
    command: (adminUrl) => ({ program: BENCH, args: [...args, ...flagsOf({ databaseUrl: adminUrl })] }),
  }
}
