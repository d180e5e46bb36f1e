// Owns: `npm run chaos`: the reference system as processes, two of each, under load, with everything killed sometime.
//   npm run chaos -- [--minutes 5] [--bus postgres|kafka] [--seed N] [--verbose]
// Exit code 1 when anything was lost, done twice, or waited too long. The same seed gives the same orders and the same
// order of faults.
import { parseArgs } from 'node:util'
import { now } from '@ensemble/all-in-one/audit'
import { chaosRun } from './chaos/run.ts'
import { readBus, UsageError } from './cluster/options.ts'

const SHOWN_MAX = 40
const MINUTES_MAX = 24 * 60
const EXIT_STOPPED = 130

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

const options = {
  minutes: { type: 'string', default: '5' },
  bus: { type: 'string', default: 'postgres' },
  seed: { type: 'string' },
  /** What the processes say, too. */
  verbose: { type: 'boolean', default: false },
} as const

async function main(): Promise<number> {
  const { values } = parseArgs({ options })
  const seed = Number(values.seed ?? now() % 1_000_000)
  const minutes = Number(values.minutes)
  if (!Number.isInteger(seed) || !(minutes > 0 && minutes <= MINUTES_MAX))
    throw new UsageError(
      'usage: npm run chaos -- [--minutes 5] [--bus postgres|kafka] [--seed N] [--verbose]',
    )
  const bus = readBus(values.bus)
  say(`chaos on the ${bus} bus for ${minutes} minutes, --seed ${seed}`)
  const { lines, violations } = await chaosRun({
    bus,
    seed,
    minutes,
    say,
    signal: stopping.signal,
    ...(values.verbose && { sayMore: say }),
  })
  for (const line of lines) say(line)
  for (const violation of violations.slice(0, SHOWN_MAX)) say(`  wrong: ${violation}`)
  say(violations.length === 0 ? 'nothing was lost' : `${violations.length} violations, --seed ${seed}`)
  return violations.length === 0 ? 0 : 1
}

const stopping = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort())
try {
  process.exitCode = await main()
} catch (error) {
  process.stderr.write(`${String(error)}\n`)
  // What waits for a fault or a customer has nobody left to wait for.
  process.exit(stopping.signal.aborted ? EXIT_STOPPED : 1)
}
