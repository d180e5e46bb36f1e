// Owns: what can be said to the benchmark of the engine.
import { PATTERNS } from '@ensemble/core'
import * as z from 'zod'
import { readOptions, UsageError } from '../measure/options.ts'
import { STEPS_MAX, STEPS_TO_CHARGE, STEPS_WHOLE } from '../order-saga/contracts.ts'

const BUSES = ['postgres', 'kafka', 'memory'] as const
const PROCESSES = ['one', 'many'] as const

const SECONDS_DEFAULT = 10
const SECONDS_MAX = 86_400
const CALLERS_MAX = 4_096
const PARTITIONS_MAX = 64
const NOTE_BYTES_MAX = 200_000
const SAGAS_MAX = 100_000_000
const BACKLOG_MAX = 1_000_000
const WARM_UP_SECONDS_MAX = 600

const number = z.coerce.number<string>()
const whole = number.int()

const Line = z.object({
  seconds: number.min(1).max(SECONDS_MAX).optional(),
  sagas: whole.min(1).max(SAGAS_MAX).optional(),
  concurrency: whole.min(1).max(CALLERS_MAX).default(64),
  pattern: z.enum(PATTERNS).default('orchestration'),
  bus: z.enum(BUSES).default('postgres'),
  processes: z.enum(['1', ...PROCESSES]).default('one'),
  /** Of each topic: more let more instances share the work, fewer make larger batches. */
  partitions: whole.min(1).max(PARTITIONS_MAX).default(1),
  /** Share of sagas that are refused at the charge. */
  fail: number.min(0).max(1).optional(),
  steps: whole.min(1).max(STEPS_MAX).default(STEPS_WHOLE),
  valueBytes: whole.min(0).max(NOTE_BYTES_MAX).default(0),
  /** Finished sagas, and waiting ones, that are there before. */
  history: whole.min(0).max(SAGAS_MAX).default(0),
  waiting: whole.min(0).max(SAGAS_MAX).default(0),
  /** Sagas that are started while nobody handles them: the run is how long the system needs to end them. */
  backlog: whole.min(0).max(BACKLOG_MAX).default(0),
  /** Seconds that are not counted. */
  warmUp: number.min(0).max(WARM_UP_SECONDS_MAX).default(2),
  databaseUrl: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
})

export type EngineOptions = Omit<z.output<typeof Line>, 'seconds' | 'sagas' | 'processes' | 'fail'> & {
  readonly until: { readonly seconds: number } | { readonly count: number }
  readonly processes: (typeof PROCESSES)[number]
  readonly fail: number
}

const FAIL_DEFAULT = 0.1

export const USAGE =
  `usage: npm run bench -- [--seconds ${SECONDS_DEFAULT} | --sagas N] [--concurrency 64] ` +
  `[--pattern ${PATTERNS.join('|')}] [--bus ${BUSES.join('|')}] [--processes 1|many] [--fail ${FAIL_DEFAULT}]\n` +
  `  [--partitions 1] [--steps 1..${STEPS_MAX}] [--value-bytes 0] [--history 0] [--waiting 0] [--warm-up 2] ` +
  '[--database-url postgres://...]'

export function engineOptions(args: readonly string[]): EngineOptions {
  const { seconds, sagas, processes, fail, ...line } = readOptions(args, Line)
  const isRecovery = line.backlog > 0
  const canFail = line.steps >= STEPS_TO_CHARGE
  const problems = [
    ...(seconds !== undefined && sagas !== undefined ? ['--seconds and --sagas: say one of them'] : []),
    ...(isRecovery && (seconds ?? sagas) !== undefined ? ['--backlog: lasts until it is done'] : []),
    ...(isRecovery && line.bus === 'memory'
      ? ['--backlog: a bus in memory does not outlive its process']
      : []),
    ...(processes === 'many' && line.bus === 'memory' ? ['--bus memory: is memory of one process'] : []),
    ...((fail ?? 0) > 0 && !canFail ? [`--fail: a saga of ${line.steps} steps has no charge to refuse`] : []),
  ]
  if (problems.length > 0) throw new UsageError(problems.join('\n'))
  return {
    ...line,
    until: sagas === undefined ? { seconds: seconds ?? SECONDS_DEFAULT } : { count: sagas },
    processes: processes === 'many' || isRecovery ? 'many' : 'one',
    fail: fail ?? (canFail ? FAIL_DEFAULT : 0),
  }
}
