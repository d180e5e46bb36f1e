// Owns: the proof that the simulator finds what it is there to find: every mutant, an engine with one deliberate bug,
// is caught by its checkers alone. Run: `npm run mutants`, with names or `--seeds N` to narrow it.
// I1: each mutant has a process of its own and starts at the same seed; the first violation ends it.
// I2: a seed counts only when the engine without the bug passes it.
// I3: the exit code is 0 when all are caught; a survivor, a hang, a crash and a stale mutant are failures.
import { spawn } from 'node:child_process'
import { performance } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { mutants } from './mutants/list.ts'
import type { Mutant } from './mutants/mutant.ts'

const SEEDS_MAX = 3_000
const SEED_FIRST = 1
const WORKERS = 2
/** A child that says nothing for so long hangs, milliseconds. */
const SILENCE_MS_MAX = 300_000

interface Seed {
  readonly seed: number
  readonly violations: readonly string[]
}

type Fate =
  | { readonly type: 'caught'; readonly seeds: number; readonly seed: number; readonly violation: string }
  | { readonly type: 'survived'; readonly seeds: number }
  | { readonly type: 'hung'; readonly seeds: number }
  | { readonly type: 'crashed'; readonly seeds: number; readonly reason: string }

interface Tried {
  readonly mutant: Mutant
  readonly fate: Fate
  readonly seconds: number
}

/** Runs the seeds in a process of its own, with the bug of this name or, for an empty one, without. */
function simulate(name: string, seeds: { readonly from: number; readonly to: number }): Promise<Fate> {
  const file = new URL('./mutants/child.ts', import.meta.url)
  const args = [file.pathname, name, String(seeds.from), String(seeds.to)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let rest = ''
  let errors = ''
  let isHung = false
  let last: Seed | null = null
  const hang = (): void => {
    isHung = true
    child.kill('SIGKILL')
  }
  let watch = setTimeout(hang, SILENCE_MS_MAX)
  child.stderr.on('data', (chunk: Buffer) => (errors = `${errors}${chunk.toString()}`.slice(-2_000)))
  child.stdout.on('data', (chunk: Buffer) => {
    clearTimeout(watch)
    watch = setTimeout(hang, SILENCE_MS_MAX)
    const lines = `${rest}${chunk.toString()}`.split('\n')
    rest = lines.pop() ?? ''
    const line = lines.at(-1)
    if (line !== undefined) last = JSON.parse(line) as Seed
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => {
      clearTimeout(watch)
      resolve(fateOf(last, { from: seeds.from, isHung, reason: code === 0 ? null : errors }))
    })
  })
}

function fateOf(
  last: Seed | null,
  { from, isHung, reason }: { from: number; isHung: boolean; reason: string | null },
): Fate {
  const seeds = last === null ? 0 : last.seed - from + 1
  if (isHung) return { type: 'hung', seeds }
  if (reason !== null) return { type: 'crashed', seeds, reason }
  const { violations = [] } = last ?? {}
  // That it does not end is said first; what is left says more.
  const violation = violations[1] ?? violations[0]
  if (last === null || violation === undefined) return { type: 'survived', seeds }
  return { type: 'caught', seeds, seed: last.seed, violation }
}

async function tryMutant(mutant: Mutant, seedsMax: number): Promise<Tried> {
  const begin = performance.now()
  const fate = await simulate(mutant.name, { from: SEED_FIRST, to: SEED_FIRST + seedsMax - 1 })
  return { mutant, fate, seconds: (performance.now() - begin) / 1_000 }
}

/** Calls `act` with each item, at most WORKERS at a time. */
async function inTurns<Item>(items: readonly Item[], act: (item: Item) => Promise<void>): Promise<void> {
  const queue = [...items]
  const worker = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await act(item)
  }
  await Promise.all(Array.from({ length: WORKERS }, worker))
}

function row({ mutant, fate, seconds }: Tried): string {
  const why = fate.type === 'caught' ? fate.violation : fate.type === 'crashed' ? fate.reason : mutant.harm
  const seeds = `${fate.seeds} seeds`.padStart(11)
  const took = `${seconds.toFixed(1)} s`.padStart(8)
  return `${fate.type.padEnd(8)} ${mutant.name.padEnd(46)} ${seeds} ${took}  ${oneLine(why)}`
}

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length <= 150 ? line : `${line.slice(0, 149)}…`
}

/** Seeds at which the engine without any bug fails, too: what was caught there was not caught. */
async function unsound(tried: readonly Tried[]): Promise<readonly string[]> {
  const seeds = new Set(tried.flatMap(({ fate }) => (fate.type === 'caught' ? [fate.seed] : [])))
  const problems: string[] = []
  await inTurns([...seeds], async (seed) => {
    const fate = await simulate('', { from: seed, to: seed })
    if (fate.type !== 'survived')
      problems.push(`seed ${seed} is red without any bug: ${JSON.stringify(fate)}`)
  })
  return problems
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    options: { seeds: { type: 'string' } },
    allowPositionals: true,
  })
  const chosen = mutants.filter(({ name }) => positionals.length === 0 || positionals.includes(name))
  const begin = performance.now()
  const tried: Tried[] = []
  await inTurns(chosen, async (mutant) => {
    const one = await tryMutant(mutant, Number(values.seeds ?? SEEDS_MAX))
    tried.push(one)
    console.log(`${String(tried.length).padStart(3)}/${chosen.length} ${row(one)}`)
  })
  const problems = await unsound(tried)
  for (const problem of problems) console.log(problem)
  const caught = tried.filter(({ fate }) => fate.type === 'caught').length
  const seeds = tried.reduce((sum, { fate }) => sum + fate.seeds, 0)
  const rate = chosen.length === 0 ? 0 : (100 * caught) / chosen.length
  const seconds = ((performance.now() - begin) / 1_000).toFixed(0)
  console.log(
    `mutants caught ${caught}/${chosen.length}, kill rate ${rate.toFixed(1)} %, ${seeds} seeds, ${seconds} s`,
  )
  process.exitCode = caught === chosen.length && problems.length === 0 && chosen.length > 0 ? 0 : 1
}
