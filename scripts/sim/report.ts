// Owns: what is told of a failing seed: its smallest form found, drawn and line by line, as Markdown.
import { performance } from 'node:perf_hooks'
import {
  differing,
  endOf,
  sequenceDiagram,
  shrink,
  type Differing,
  type Evidence,
  type Kept,
  type Moment,
  type Shrunk,
  type Subject,
  type Witnessed,
} from '@ensemble/simulator'

/** Enough for hundreds of faults; a run that never comes to rest takes seconds. */
const RUNS_MAX = 300
const SECONDS_MAX = 120
const PROGRESS_EVERY = 20

interface Failing {
  readonly seed: number
  readonly subject: Subject
  readonly say: (line: string) => void
}

/** Null when there is nothing wrong with the seed, in either comparison. */
export async function reportOf({ seed, subject, say }: Failing): Promise<string | null> {
  const end = performance.now() + SECONDS_MAX * 1_000
  const isOver = (): boolean => performance.now() > end
  const shrunk = await shrink({
    seed,
    subject,
    runsMax: RUNS_MAX,
    isOver,
    onTry: ({ runs, kept }) => {
      if (runs % PROGRESS_EVERY === 0) say(`  made smaller in ${runs} runs: ${counted(kept)}`)
    },
  })
  if (shrunk !== null) return written({ seed, subject }, shrunk)
  const found = await differing({ seed, subject, isOver })
  return found === null ? null : compared({ seed, subject }, found)
}

function counted({ sagas, faults }: Kept): string {
  return `${sagas.length} sagas, ${faults.length} faults`
}

function written({ seed, subject }: Omit<Failing, 'say'>, shrunk: Shrunk): string {
  const { faults, runs, result } = shrunk
  const { shape, isCrowded } = result.scenario
  return [
    `# Seed ${seed} of ${subject.name}, made smaller in ${runs} runs`,
    '',
    ...result.violations.map((violation) => `- wrong: ${violation}`),
    ...result.witnessed.map((one) => `- saga ${sagaText(one, result.evidence)}`),
    ...(isCrowded ? ['- they begin at once'] : []),
    `- faults: ${faults.length === 0 ? 'none, it is a matter of order' : faults.join(', ')}`,
    `- system: ${JSON.stringify(shape)}`,
    '',
    ...toldIn(result.moments, result.trace),
  ].join('\n')
}

/** Without faults it passes, and ends differently in the two patterns. */
function compared(
  { seed, subject }: Omit<Failing, 'say'>,
  { differences, sagas, traces }: Differing,
): string {
  return [
    `# Seed ${seed} of ${subject.name}, in both patterns, without faults`,
    '',
    ...differences.map((difference) => `- ${difference}`),
    `- sagas: ${sagas.join(', ')}`,
    ...(traces ?? []).flatMap(({ moments, lines }, index) => [
      '',
      index === 0 ? '## Orchestrated' : '## Choreographed',
      '',
      ...toldIn(moments, lines),
    ]),
  ].join('\n')
}

function toldIn(moments: readonly Moment[], lines: readonly string[]): readonly string[] {
  return ['```mermaid', sequenceDiagram(moments), '```', '', '```', ...lines, '```']
}

function sagaText({ saga, input, wasCancelled }: Witnessed, evidence: Evidence): string {
  const end = endOf(evidence, saga) ?? 'never ended'
  const cancelled = wasCancelled ? ', cancelled' : ''
  return `${saga.plan}/${saga.id}, ${saga.pattern}${cancelled}, ${end}: ${JSON.stringify(input)}`
}
