// A program: `npm run crashpoints`. Records the crash points, compares them with the committed list, and tries them:
// a kill at each, a stop at each, a kill at each pair. `--help` says which parts can be chosen.
// I1: whatever ends it, no process and no server that it started is left.
import { parseArgs } from 'node:util'
import { now } from './runner/clock.ts'
import { groundIn, type Ground } from './runner/ground.ts'
import { drawn, pairs, runJobs, singles, type Job } from './runner/jobs.ts'
import { killRunning } from './runner/instance-process.ts'
import { checkedList, recorded, writeList, type Point } from './runner/points.ts'

const HELP = `npm run crashpoints -- [options]
  --kills, --stops, --pairs   only these parts; all of them unless one is named
  --record                    writes crashpoints.json anew and does nothing else
  --only TEXT                 only trials with this in their name
  --seed TEXT                 draws which time a point is reached, and what --sample takes
  --sample N                  of each part N trials, drawn by the seed
  --lanes N                   systems that are tried side by side (2)`

const OPTIONS = {
  kills: { type: 'boolean', default: false },
  stops: { type: 'boolean', default: false },
  pairs: { type: 'boolean', default: false },
  record: { type: 'boolean', default: false },
  only: { type: 'string', default: '' },
  seed: { type: 'string' },
  sample: { type: 'string' },
  lanes: { type: 'string', default: '2' },
  help: { type: 'boolean', default: false },
} as const

type Options = ReturnType<typeof options>

function options() {
  return parseArgs({ options: OPTIONS }).values
}

const PROGRESS_EVERY = 50

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

async function run(chosen: Options, ground: Ground): Promise<boolean> {
  const since = now()
  const points = await recorded(ground)
  say(`${points.length} crash points recorded in ${seconds(since)}`)
  if (chosen.record) {
    await writeList(points)
    return true
  }
  const lines = await checkedList(ground, points)
  for (const line of lines) say(line)
  const results = [lines.length === 0]
  for (const { name, jobs } of partsOf(chosen, points))
    results.push(await runPart(chosen, ground, { name, jobs }))
  return results.every(Boolean)
}

interface Part {
  readonly name: string
  readonly jobs: readonly Job[]
}

function partsOf(
  { kills, stops, pairs: wantsPairs, only, sample, seed }: Options,
  points: readonly Point[],
): Part[] {
  const isAll = !kills && !stops && !wantsPairs
  const parts: Part[] = []
  const add = (name: string, jobs: readonly Job[]): void => {
    const named = jobs.filter((job) => job.name.includes(only))
    const count = sample === undefined ? named.length : Number(sample)
    parts.push({ name, jobs: sample === undefined ? named : drawn(named, { count, seed: seed ?? '' }) })
  }
  if (isAll || kills) add('crash points', singles(points, 'kill', seed ?? null))
  if (isAll || stops) add('stops', singles(points, 'stop', seed ?? null))
  if (isAll || wantsPairs) add('pairs', pairs(points))
  return parts
}

async function runPart({ lanes }: Options, ground: Ground, { name, jobs }: Part): Promise<boolean> {
  const since = now()
  let done = 0
  let survived = 0
  let slowestMs = 0
  await runJobs(ground, jobs, {
    laneCount: Number(lanes),
    onDone: (job, { violations, wentOnAfterMs }) => {
      done += 1
      slowestMs = Math.max(slowestMs, wentOnAfterMs ?? 0)
      if (violations.length === 0) survived += 1
      else say([`FAILED ${name}: ${job.name}`, ...violations].join('\n  '))
      if (done % PROGRESS_EVERY === 0) say(`... ${name} ${done}/${jobs.length}, ${seconds(since)}`)
    },
  })
  const slowest = slowestMs === 0 ? '' : `, the slowest went on after ${(slowestMs / 1_000).toFixed(1)} s`
  say(`${name} survived ${survived}/${jobs.length} (${seconds(since)}${slowest})`)
  return survived === jobs.length
}

function seconds(since: number): string {
  return `${((now() - since) / 1_000).toFixed(0)} s`
}

const chosen = options()
if (chosen.help) {
  say(HELP)
} else {
  const ground = await groundIn()
  let brokenOff: Promise<void> | undefined
  const leave = (signal: string): void => {
    say(`broken off by ${signal}`)
    brokenOff ??= killRunning().then(() => ground.end())
    void brokenOff.finally(() => process.exit(1))
  }
  process.once('SIGINT', leave).once('SIGTERM', leave)
  try {
    process.exitCode = (await run(chosen, ground)) ? 0 : 1
  } catch (error) {
    // What it is broken off in is of no interest.
    if (brokenOff === undefined) throw error
    await brokenOff
  } finally {
    await ground.end()
  }
}
