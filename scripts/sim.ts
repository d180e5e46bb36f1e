// Owns: the command `npm run sim`: many seeds of the simulator with progress and a sum, or one seed with its trace.
//   npm run sim -- [FILE] [--seeds N] [--from SEED] [--seconds S]    seeds until N or S are over, half a minute unless
//                                                                    said; exit 1 when one fails
//   npm run sim -- --remembered                                      the seeds of regression/seeds.json
//   npm run sim -- [FILE] --seed N [--trace]                         one seed; with --trace a line per event
// FILE exports a `subject` of one's own; without it the made-up system is run, and a situation that no seed has met
// fails, too (exit 3; from SITUATIONS_FROM seeds on, with --all-situations however few). Of a seed that fails, or the
// simplest of many, the smallest form found is told and drawn, on the terminal or with `--out REPORT` in a Markdown
// file.
import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { SITUATIONS } from '@ensemble/simulator'
import { check } from './sim/check.ts'
import { runFleet, type Sum } from './sim/fleet.ts'
import { reportOf } from './sim/report.ts'
import { subjectOf } from './sim/subject.ts'

/** The rarest is met by one seed in a hundred: that so many miss one happens to one run in some thousands. */
const SITUATIONS_FROM = 1_000
const SECONDS_DEFAULT = '30'
const FAILED_MAX = 5
const SHOWN_MAX = 8

const options = {
  seeds: { type: 'string' },
  from: { type: 'string' },
  seconds: { type: 'string' },
  seed: { type: 'string' },
  trace: { type: 'boolean' },
  remembered: { type: 'boolean' },
  'all-situations': { type: 'boolean' },
  out: { type: 'string' },
} as const

const say = (line: string): void => void process.stdout.write(`${line}\n`)

const { values, positionals } = parseArgs({ options, allowPositionals: true })
const [file = null] = positionals
let shownAt = 0
let toldCount = 0

async function one(seed: number): Promise<number> {
  const isTraced = values.trace === true
  const result = await check({ seed, subject: await subjectOf(file), keepsTrace: isTraced })
  for (const line of result.trace) say(line)
  say(`seed ${seed}: ${result.sagas} sagas, ${result.events} events, hash ${result.hash}`)
  say(`  ${JSON.stringify(result.scenario)}`)
  for (const violation of result.violations) say(`  wrong: ${violation}`)
  if (result.violations.length === 0) return 0
  if (!isTraced) await tell(seed)
  return 1
}

async function tell(seed: number, of: string | null = file): Promise<void> {
  const report = await reportOf({ seed, subject: await subjectOf(of), say })
  if (report === null) return
  if (values.out === undefined) {
    say(report)
    return
  }
  writeFileSync(values.out, `${report}\n`)
  say(`  told in ${values.out}`)
}

interface Remembered {
  /** Of the made-up system unless given. */
  readonly file?: string
  readonly seed: number
  /** What it found when it was new. */
  readonly found: string
}

async function remembered(): Promise<number> {
  const file = new URL('../regression/seeds.json', import.meta.url)
  const all = JSON.parse(readFileSync(file, 'utf8')) as readonly Remembered[]
  let failed = 0
  for (const { seed, file: of = null, found } of all) {
    const { violations } = await check({ seed, subject: await subjectOf(of) })
    say(`${violations.length === 0 ? 'ok ' : 'BAD'} ${seed}: ${found}`)
    for (const violation of violations) say(`  wrong: ${violation}`)
    if (violations.length === 0) continue
    failed += 1
    await tell(seed, of)
  }
  say(`${all.length - failed} of ${all.length} remembered seeds pass`)
  return failed === 0 ? 0 : 1
}

async function many(): Promise<number> {
  const from = values.from === undefined ? fresh() : whole('from', values.from)
  const count = values.seeds === undefined ? Number.POSITIVE_INFINITY : whole('seeds', values.seeds)
  const seconds = values.seconds ?? (values.seeds === undefined ? SECONDS_DEFAULT : undefined)
  const secondsMax = seconds === undefined ? Number.POSITIVE_INFINITY : whole('seconds', seconds)
  say(`seeds from ${from}`)
  const sum = await runFleet({
    file,
    seeds: numbers(from, count),
    secondsMax,
    failedMax: FAILED_MAX,
    onProgress: progress,
  })
  report(sum)
  const [simplest] = simplestFirst(sum)
  if (simplest !== undefined) await tell(simplest.seed)
  return verdict(sum)
}

function* numbers(from: number, count: number): Generator<number, undefined> {
  for (let index = 0; index < count; index += 1) yield from + index
  return undefined
}

/** Another one each time; printed, so that it can be run again. */
function fresh(): number {
  return Math.floor(performance.timeOrigin) % 2 ** 31
}

function progress({ seeds, seconds, failed }: Sum): void {
  for (const { seed, violations } of failed.slice(toldCount)) say(`  seed ${seed} FAILED: ${violations[0]}`)
  toldCount = failed.length
  if (seconds - shownAt < 5) return
  shownAt = seconds
  say(`  ${seeds} seeds, ${(seeds / seconds).toFixed(1)} a second, ${failed.length} failed`)
}

/** What is short is read first. */
function simplestFirst({ failed }: Sum): Sum['failed'] {
  return failed.toSorted((a, b) => a.events - b.events)
}

function report(sum: Sum): void {
  const { seeds, sagas, events, seconds, faults, coverage } = sum

  const rate = `${(seeds / seconds).toFixed(1)} seeds/s`
  say(`${seeds} seeds in ${seconds.toFixed(0)} s: ${rate}, ${sagas} sagas, ${events} events`)
  say('faults:')
  const byName = [...faults].toSorted(([a], [b]) => (a < b ? -1 : 1))
  for (const [kind, times] of byName) say(`  ${kind.padEnd(24)} ${times}`)
  if (file === null) {
    say('situations, by the seeds that met them:')
    for (const name of SITUATIONS) say(`  ${name.padEnd(44)} ${coverage.get(name) ?? 0}`)
  }
  for (const { seed, violations } of simplestFirst(sum).slice(0, FAILED_MAX)) {
    say(`seed ${seed} FAILED; see it with: npm run sim -- ${file === null ? '' : `${file} `}--seed ${seed}`)
    for (const violation of violations.slice(0, SHOWN_MAX)) say(`  wrong: ${violation}`)
  }
}

function verdict({ seeds, coverage, failed }: Sum): number {
  if (failed.length > 0) return 1
  const unmet = SITUATIONS.filter((name) => (coverage.get(name) ?? 0) === 0)
  if (file !== null || unmet.length === 0) {
    say('all seeds passed')
    return 0
  }
  if (seeds < SITUATIONS_FROM && values['all-situations'] !== true) {
    say(`all seeds passed, too few to meet every situation: ${unmet.join('; ')}`)
    return 0
  }
  say(`all seeds passed, but no seed met: ${unmet.join('; ')}`)
  return 3
}

function whole(name: string, text: string): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= 0) return value
  throw new TypeError(`--${name}: give a whole number from 0, not '${text}'`)
}

if (values.remembered === true) process.exitCode = await remembered()
else process.exitCode = values.seed === undefined ? await many() : await one(whole('seed', values.seed))
