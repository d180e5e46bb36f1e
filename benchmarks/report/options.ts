// Owns: what can be said to the report.
import * as z from 'zod'
import { readOptions, words } from '../measure/options.ts'

export const SECTIONS = [
  'callers',
  'refusals',
  'steps',
  'values',
  'processes',
  'history',
  'waiting',
  'recovery',
  'http',
] as const
export type SectionName = (typeof SECTIONS)[number]

const number = z.coerce.number<string>()
const ROUNDS_MAX = 100
const SECONDS_MAX = 3_600
const CALLERS_MAX = 4_096
const COPIES_MAX = 100_000_000
const CALLERS_DEFAULT = '1,16,64,256,1024'
const BACKLOG_MAX = 1_000_000
const BACKLOGS_DEFAULT = '1000,10000,50000'

const Line = z.object({
  /** 0 writes what was measured before once more. */
  rounds: number.int().min(0).max(ROUNDS_MAX).default(3),
  seconds: number.min(1).max(SECONDS_MAX).default(10),
  warmUp: number.min(0).max(SECONDS_MAX).default(2),
  only: words(z.enum(SECTIONS)).prefault(SECTIONS.join(',')),
  callers: words(number.int().min(1).max(CALLERS_MAX)).prefault(CALLERS_DEFAULT),
  history: number.int().min(1).max(COPIES_MAX).default(1_000_000),
  waiting: number.int().min(1).max(COPIES_MAX).default(100_000),
  backlogs: words(number.int().min(1).max(BACKLOG_MAX)).prefault(BACKLOGS_DEFAULT),
})

export type ReportOptions = z.output<typeof Line>

export const USAGE =
  `usage: npm run bench:report -- [--rounds 3] [--seconds 10] [--warm-up 2] [--only ${SECTIONS.join(',')}]\n` +
  `  [--callers ${CALLERS_DEFAULT}] [--history 1000000] [--waiting 100000] [--backlogs ${BACKLOGS_DEFAULT}]`

export function reportOptions(args: readonly string[]): ReportOptions {
  return readOptions(args, Line)
}
