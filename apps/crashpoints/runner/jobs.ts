// Owns: which trials there are, and running many of them side by side. Does not own how one is run (lane.ts).
// I1: what is drawn is drawn by the seed: the same seed and the same list give the same trials.
import { createHash } from 'node:crypto'
import { ACTS } from '../system/contracts.ts'
import type { How } from '../tripwire/tripwire.ts'
import type { Ground } from './ground.ts'
import { Lane, type Kind, type Outcome, type Trial } from './lane.ts'
import { kindName, pointBeforeRecovery, pointName, type Point } from './points.ts'

export interface Job {
  readonly name: string
  readonly kind: Kind
  readonly trial: Trial
}

/** Verbs in which a process that has just been started again dies once more. */
const PAIR_VERBS: ReadonlySet<string> = new Set(['perform', 'advance', 'travel', 'settle', 'wake'])

/**
 * Every moment once; beside what comes there something else is played, another thing each time. With a seed it is not
 * the first time that the moment is reached, but one that the seed draws.
 */
export function singles(points: readonly Point[], how: How, seed: string | null): readonly Job[] {
  return points.map((point, index) => {
    const { kind, phase, name, act } = point
    const nth = seed === null || phase !== 'warm' ? 1 : nthOf(point, seed)
    const trip = { point: name, nth, how }
    if (phase === 'recovery') {
      const before = { point: pointBeforeRecovery(kind), nth: 1, how: 'kill' } as const
      return { name: pointName(point), kind, trial: { on: 'fresh', trips: [before, trip], acts: [act] } }
    }
    const acts = [...new Set([act, ACTS[index % ACTS.length] ?? act])]
    return { name: pointName(point), kind, trial: { on: phase, trips: [trip], acts } }
  })
}

/** Of the first half, which comes again even where one batch takes what were two another time. */
function nthOf(point: Point, seed: string): number {
  return 1 + (numberOf(`${seed} nth ${pointName(point)}`) % Math.ceil(point.count / 2))
}

/**
 * Two deaths, the second while the first one's work is gone on with. What is after one call is before the next, so the
 * moments before each call and after each commit are all that two deaths can meet.
 */
export function pairs(points: readonly Point[]): readonly Job[] {
  const moments = points.filter((point) => point.phase === 'warm' && isMomentOfPair(point))
  return moments.flatMap((first) =>
    moments
      .filter((second) => kindName(second.kind) === kindName(first.kind) && verbOf(second) === verbOf(first))
      .map((second) => ({
        name: `${pointName(first)} then ${second.name}`,
        kind: first.kind,
        trial: {
          on: 'warm' as const,
          trips: [first, second].map(({ name }) => ({ point: name, nth: 1, how: 'kill' as const })),
          acts: [...new Set([first.act, second.act])],
        },
      })),
  )
}

function isMomentOfPair(point: Point): boolean {
  const isMoment = point.name.endsWith('/before') || point.name.endsWith('/transaction.commit/after')
  return isMoment && PAIR_VERBS.has(verbOf(point))
}

function verbOf({ name }: Point): string {
  return name.split('/')[0] ?? name
}

/** As many as wanted, drawn by the seed. */
export function drawn(
  jobs: readonly Job[],
  { count, seed }: { count: number; seed: string },
): readonly Job[] {
  const numbered = jobs.map((job) => ({ job, number: numberOf(`${seed} ${job.name}`) }))
  return numbered
    .sort((a, b) => a.number - b.number)
    .slice(0, count)
    .map(({ job }) => job)
}

function numberOf(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32BE(0)
}

/** Trials that follow each other on the same databases, at most. */
const CHAIN_COUNT_MAX = 25

/** Runs all jobs, so many at a time; tells of each as it is done. */
export async function runJobs(
  ground: Ground,
  jobs: readonly Job[],
  { laneCount, onDone }: { laneCount: number; onDone: (job: Job, outcome: Outcome) => void },
): Promise<void> {
  const chains = chainsOf(jobs)
  const work = async (): Promise<void> => {
    for (let chain = chains.shift(); chain !== undefined; chain = chains.shift()) {
      const [first] = chain
      if (first === undefined) continue
      const lane = new Lane(ground, first.kind)
      try {
        for (const job of chain) onDone(job, await lane.try(job.trial))
      } finally {
        await lane.end()
      }
    }
  }
  await Promise.all(Array.from({ length: laneCount }, work))
}

function chainsOf(jobs: readonly Job[]): Job[][] {
  const byKind = [...Map.groupBy(jobs, ({ kind }) => kindName(kind)).values()]
  return byKind.flatMap((own) =>
    Array.from({ length: Math.ceil(own.length / CHAIN_COUNT_MAX) }, (_, index) =>
      own.slice(index * CHAIN_COUNT_MAX, (index + 1) * CHAIN_COUNT_MAX),
    ),
  )
}
