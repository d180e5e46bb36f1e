// Owns: `npm run bench:report`: the matrix of measurements in interleaved rounds, as RESULTS.md and plots. What is not
// measured anew stays as results.json has it.
import { execFile } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { cpus, release, totalmem, type } from 'node:os'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { command } from './measure/options.ts'
import { playRounds } from './measure/rounds.ts'
import { CONTENDERS, isPeer } from './peers/contenders.ts'
import { installPeers } from './peers/install.ts'
import { reportOptions, USAGE } from './report/options.ts'
import { svgOf } from './report/plot.ts'
import { recorded, type Results } from './report/record.ts'
import { groupsOf } from './report/sections.ts'
import { reportOf } from './report/write.ts'

const at = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const RECORD = at('results.json')
const TEXT = at('RESULTS.md')
const PLOTS = at('plots')

function say(line: string): void {
  process.stderr.write(`${line}\n`)
}

async function before(): Promise<Results> {
  const text = await readFile(RECORD, 'utf8').catch(() => '{}')
  return JSON.parse(text) as Results
}

/** When, and of which commit. */
async function occasion(): Promise<string> {
  const { stdout } = await promisify(execFile)('git', ['rev-parse', '--short', 'HEAD']).catch(() => ({
    stdout: 'unknown',
  }))
  return `${new Date().toISOString().slice(0, 10)}, commit ${stdout.trim()}`
}

function machine(): string {
  const [cpu] = cpus()
  const memory = Math.round(totalmem() / 2 ** 30)
  const model = cpu?.model.trim() ?? 'unknown processor'
  return `${cpus().length} cores (${model}), ${memory} GB, ${type()} ${release()}, Node ${process.version}`
}

await command(USAGE, async (args) => {
  const options = reportOptions(args)
  const { rounds, only } = options
  const wanted = rounds > 0 && only.includes('callers') ? CONTENDERS.filter(isPeer) : []
  const peers = await installPeers(wanted, say)
  const groups = only.flatMap((section) => groupsOf(section, { ...options, peers }))
  const entries = rounds === 0 ? [] : await playRounds(groups, { rounds, say })
  const circumstances = { options, machine: machine(), measured: await occasion() }
  const results = recorded(await before(), entries, circumstances)
  const { text, plots } = reportOf(results)
  await mkdir(PLOTS, { recursive: true })
  for (const { file, plot } of plots) await writeFile(`${PLOTS}/${file}.svg`, svgOf(plot))
  await writeFile(TEXT, text)
  await writeFile(RECORD, `${JSON.stringify(results, null, 1)}\n`)
  say(`${plots.length} plots and benchmarks/RESULTS.md are written`)
  if (entries.some(({ failure }) => failure !== null)) process.exitCode = 1
})
