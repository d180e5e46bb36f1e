// Owns: the benchmark of the engine: sagas per second and latency on the "order saga", with the invariants
// checked in the same run.
// Durable settings stay on. Run: `npm run bench -- --seconds 10 --concurrency 64 --pattern orchestration`.
// Prints progress while it runs and one JSON line last.
import { parseArgs } from 'node:util'
import { PATTERNS, type Pattern } from '@ensemble/core'
import { costOf } from './measured.ts'
import { openSystem, type BenchSystem } from './order-saga/system.ts'

interface Options {
  readonly seconds: number
  readonly concurrency: number
  readonly pattern: Pattern
  /** Of each topic: more let more instances share the work, fewer make larger batches. */
  readonly partitions: number
  /** Share of sagas that are refused at the charge. */
  readonly fail: number
}

const USAGE =
  `usage: npm run bench -- [--seconds 10] [--concurrency 64] [--pattern ${PATTERNS.join('|')}] ` +
  '[--partitions 1] [--fail 0.1]'

class UsageError extends Error {}

function parsed(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    options: {
      seconds: { type: 'string', default: '10' },
      concurrency: { type: 'string', default: '64' },
      pattern: { type: 'string', default: 'orchestration' },
      partitions: { type: 'string', default: '1' },
      fail: { type: 'string', default: '0.1' },
      help: { type: 'boolean', default: false },
    },
  })
}

function valuesOf(args: readonly string[]): ReturnType<typeof parsed>['values'] {
  try {
    return parsed(args).values
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error })
  }
}

function optionsOf(args: readonly string[]): Options {
  const values = valuesOf(args)
  if (values.help) throw new UsageError('a benchmark of the engine')
  const problems: string[] = []
  const number = (
    name: 'seconds' | 'concurrency' | 'partitions' | 'fail',
    least: number,
    most: number,
  ): number => {
    const value = Number(values[name])
    if (!(value >= least && value <= most))
      problems.push(`--${name} must be a number from ${least} to ${most}`)
    return value
  }
  const pattern = PATTERNS.find((candidate) => candidate === values.pattern)
  if (pattern === undefined) problems.push(`--pattern must be one of ${PATTERNS.join(', ')}`)
  const options = {
    seconds: number('seconds', 1, 3_600),
    concurrency: number('concurrency', 1, 4_096),
    partitions: number('partitions', 1, 64),
    fail: number('fail', 0, 1),
    pattern: pattern ?? 'orchestration',
  }
  if (problems.length > 0) throw new UsageError(problems.join('\n'))
  return options
}

interface Run {
  readonly latenciesMs: readonly number[]
  readonly completed: number
  readonly compensated: number
  readonly seconds: number
}

async function drive(system: BenchSystem, options: Options): Promise<Run> {
  const { pattern, fail } = options
  const latenciesMs: number[] = []
  const ends = { completed: 0, compensated: 0, running: 0 }
  const began = performance.now()
  const stopAt = began + options.seconds * 1_000
  let count = 0
  const caller = async (): Promise<void> => {
    while (performance.now() < stopAt) {
      count += 1
      const id = `${began}-${count}`
      const refused = fail > 0 && count % Math.round(1 / fail) === 0
      const from = performance.now()
      await system.desk.start(system.plan, { id, input: { id, total: 100, refused }, pattern })
      const { status } = await system.desk.ended({ plan: system.plan.name, id }, { within: '60s' })
      latenciesMs.push(performance.now() - from)
      ends[status] += 1
    }
  }
  const progress = setInterval(() => {
    const seconds = (performance.now() - began) / 1_000
    process.stderr.write(
      `\r${seconds.toFixed(0)} s: ${count} started, ${Math.round(latenciesMs.length / seconds)} sagas/s   `,
    )
  }, 1_000)
  await Promise.all(Array.from({ length: options.concurrency }, caller))
  clearInterval(progress)
  process.stderr.write('\n')
  return {
    latenciesMs,
    completed: ends.completed,
    compensated: ends.compensated,
    seconds: (performance.now() - began) / 1_000,
  }
}

function percentile(sorted: readonly number[], share: number): number {
  return Number((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(2))
}

/** What must be true of the tables after the run; the names of what is not. */
async function violations(system: BenchSystem, run: Run): Promise<readonly string[]> {
  const found = await system.check()
  const expected: Readonly<Record<string, number>> = {
    complete: run.completed,
    failed: run.compensated,
    pending: 0,
    paid: run.completed,
    cancelled: run.compensated,
    ledger: 0,
    entries: 2 * run.completed,
  }
  const wrong = Object.entries(expected).filter(([name, value]) => found[name] !== value)
  const ended = run.completed + run.compensated
  const unended =
    ended === run.latenciesMs.length ? [] : [`${run.latenciesMs.length - ended} sagas did not end`]
  return [...wrong.map(([name, value]) => `${name}: ${String(found[name])}, not ${value}`), ...unended]
}

async function main(): Promise<void> {
  const options = optionsOf(process.argv.slice(2))
  process.stderr.write('starting a PostgreSQL server with durable settings\n')
  const system = await openSystem(options.pattern, options.partitions)
  try {
    process.stderr.write(`${JSON.stringify(system.durable)}\n`)
    const before = await system.read()
    const run = await drive(system, options)
    const after = await system.read()
    const wrong = await violations(system, run)
    const sorted = [...run.latenciesMs].sort((a, b) => a - b)
    const result = {
      pattern: options.pattern,
      concurrency: options.concurrency,
      partitions: options.partitions,
      seconds: Number(run.seconds.toFixed(1)),
      sagas: sorted.length,
      sagas_per_s: Math.round(sorted.length / run.seconds),
      p50_ms: percentile(sorted, 0.5),
      p90_ms: percentile(sorted, 0.9),
      p99_ms: percentile(sorted, 0.99),
      ...costOf(before, after, sorted.length),
      completed: run.completed,
      compensated: run.compensated,
      invariants: wrong.length === 0 ? 'hold' : wrong,
    }
    process.stdout.write(`${JSON.stringify(result)}\n`)
    if (wrong.length > 0) process.exitCode = 1
  } finally {
    await system.stop()
  }
}

try {
  await main()
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  process.stderr.write(`${error.message}\n${USAGE}\n`)
  process.exitCode = 1
}
