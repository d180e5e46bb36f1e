// Owns: what CI runs and in which order: every quick check, then all tests. Run: `npm run ci`.
// Does not own: installing (.ci/run does) and how one check works (package.json names the commands).
// The tests are all tiers but those that need servers of others: the long one, too, which `npm test` leaves out.
// I1: all quick checks run even when one is red, so one run names every reason; tests run only when all are green.
// I2: the last line is always `N passed, N failed`, from vitest's own report and one for each slow check; what never
// ran counts as failed.
import { spawn } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { performance } from 'node:perf_hooks'

const QUICK = ['format:check', 'tidy', 'lint', 'typecheck', 'knip', 'sqlcheck']
/**
 * After the tests, with what they print: seeds that once found something, and others each time, of the made-up system
 * enough to meet every situation.
 */
const SLOW: readonly SlowCheck[] = [
  ['sim', '--remembered'],
  ['sim', '--seeds', '2000', '--seconds', '240', '--all-situations'],
  ['sim', 'simulations/reference.ts', '--seconds', '25'],
]
const REPORT = '.tmp/vitest.json'

/** The part of vitest's JSON report that is read here. */
export interface TestReport {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly testResults: readonly {
    readonly status: string
    readonly assertionResults: readonly { readonly status: string }[]
  }[]
}

/** A file that could not be loaded has no failed test, and an error between tests belongs to none: both are red. */
export function verdict(
  report: TestReport | undefined,
  exitCode: number,
  slow: readonly boolean[] = [],
): string {
  const broken = (report?.testResults ?? []).filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  ).length
  const failed = (report?.numFailedTests ?? 0) + broken
  const passed = (report?.numPassedTests ?? 0) + slow.filter((isGreen) => isGreen).length
  const red = slow.filter((isGreen) => !isGreen).length
  return `${passed} passed, ${(exitCode === 0 ? failed : Math.max(failed, 1)) + red} failed`
}

interface Run {
  readonly name: string
  readonly exitCode: number
  readonly output: string
  readonly seconds: string
}

interface Ask {
  readonly args?: readonly string[]
  readonly output: 'inherit' | 'pipe'
  /** Beside what this process has. */
  readonly env?: Readonly<Record<string, string>>
}

async function run(name: string, { args = [], output, env = {} }: Ask): Promise<Run> {
  const begin = performance.now()
  const child = spawn('npm', ['run', '--silent', name, '--', ...args], {
    stdio: ['ignore', output, output],
    env: { ...process.env, ...env },
  })
  const chunks: Buffer[] = []
  child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk))
  child.stderr?.on('data', (chunk: Buffer) => chunks.push(chunk))
  const exitCode = await new Promise<number>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve(code ?? 1))
  })
  const seconds = ((performance.now() - begin) / 1000).toFixed(1)
  return { name, exitCode, output: Buffer.concat(chunks).toString(), seconds }
}

async function quickChecks(): Promise<string[]> {
  const red: string[] = []
  for (const name of QUICK) {
    const result = await run(name, { output: 'pipe' })
    say(`${result.exitCode === 0 ? 'ok ' : 'RED'} ${name} ${result.seconds} s`)
    if (result.exitCode === 0) continue
    say(result.output.trimEnd())
    red.push(name)
  }
  return red
}

type SlowCheck = readonly [name: string, ...args: readonly string[]]

interface Tests extends Omit<Ask, 'output'> {
  readonly name: string
  readonly report: string
  /** Run after the tests, counted with them. */
  readonly slow?: readonly SlowCheck[]
}

/** Runs vitest, ends with the verdict's line, answers the exit code. */
export async function runTests({ name, args = [], report, env = {}, slow = [] }: Tests): Promise<number> {
  rmSync(report, { force: true })
  say(`... ${name}`)
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const { exitCode, seconds } = await run('test', { args: [...args, ...reporters], output: 'inherit', env })
  say(`${exitCode === 0 ? 'ok ' : 'RED'} ${name} ${seconds} s`)
  const greens: boolean[] = []
  for (const check of slow) greens.push(await isSlowGreen(check))
  say(verdict(reportOf(report), exitCode, greens))
  return greens.includes(false) ? Math.max(1, exitCode) : exitCode
}

async function isSlowGreen([name, ...args]: SlowCheck): Promise<boolean> {
  const command = [name, ...args].join(' ')
  say(`... ${command}`)
  const { exitCode, seconds } = await run(name, { args, output: 'inherit' })
  say(`${exitCode === 0 ? 'ok ' : 'RED'} ${command} ${seconds} s`)
  return exitCode === 0
}

function reportOf(path: string): TestReport | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as TestReport
  } catch {
    return undefined
  }
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

if (import.meta.main) {
  const red = await quickChecks()
  if (red.length === 0) {
    process.exitCode = await runTests({
      name: 'test',
      report: REPORT,
      env: { ENSEMBLE_LONG: '1' },
      slow: SLOW,
    })
  } else {
    say(`tests did not run, red: ${red.join(', ')}`)
    say(`0 passed, ${red.length} failed`)
    process.exitCode = 1
  }
}
