// Owns: what is told of a failing seed: its smallest form found, drawn and line by line, as Markdown.
import { performance } from 'node:perf_hooks'
import { sequenceDiagram, shrink, type Kept, type Shrunk, type Subject } from '@ensemble/simulator'

/** Enough for hundreds of faults; a run that never comes to rest takes seconds. */
const RUNS_MAX = 300
const SECONDS_MAX = 120
const PROGRESS_EVERY = 20

interface Failing {
  readonly seed: number
  readonly subject: Subject
  readonly say: (line: string) => void
}

/** Null when the seed passes. */
export async function reportOf({ seed, subject, say }: Failing): Promise<string | null> {
  const end = performance.now() + SECONDS_MAX * 1_000
  const shrunk = await shrink({
    seed,
    subject,
    runsMax: RUNS_MAX,
    isOver: () => performance.now() > end,
    onTry: ({ runs, kept }) => {
      if (runs % PROGRESS_EVERY === 0) say(`  made smaller in ${runs} runs: ${counted(kept)}`)
    },
  })
  return shrunk === null ? null : written({ seed, subject }, shrunk)
}

function counted({ sagas, faults }: Kept): string {
  return `${sagas.length} sagas, ${faults.length} faults`
}

function written({ seed, subject }: Omit<Failing, 'say'>, shrunk: Shrunk): string {
  const { sagas, faults, runs, result } = shrunk
  const { shape, isCrowded } = result.scenario
  return [
    `# Seed ${seed} of ${subject.name}, made smaller in ${runs} runs`,
    '',
    ...result.violations.map((violation) => `- wrong: ${violation}`),
    `- sagas: ${sagas.join(', ')}${isCrowded ? ', at once' : ''}`,
    `- faults: ${faults.length === 0 ? 'none, it is a matter of order' : faults.join(', ')}`,
    `- system: ${JSON.stringify(shape)}`,
    '',
    '```mermaid',
    sequenceDiagram(result.moments),
    '```',
    '',
    '```',
    ...result.trace,
    '```',
  ].join('\n')
}
