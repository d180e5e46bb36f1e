// Owns: which trials there are, and running many of them side by side. Does not own how one is run (lane.ts).
// I1: what is drawn is drawn by the seed: the same seed and the same list give the same trials.
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

export function singles(points: readonly Point[], how: How): readonly Job[] {
  return points.map((point) => ({ name: pointName(point), kind: point.kind, trial: trialOf(point, how) }))
}

function trialOf({ kind, phase, name }: Point, how: How): Trial {
  const trip = { point: name, nth: 1, how }
  if (phase !== 'recovery') return { isWarm: phase === 'warm', trips: [trip] }
  return { isWarm: true, trips: [{ point: pointBeforeRecovery(kind), nth: 1, how: 'kill' }, trip] }
}

export function pairs(points: readonly Point[]): readonly Job[] {
  const warm = points.filter((point) => point.phase === 'warm' && PAIR_VERBS.has(verbOf(point)))
  return warm.flatMap((first) =>
    warm
      .filter((second) => kindName(second.kind) === kindName(first.kind) && verbOf(second) === verbOf(first))
      .map((second) => ({
        name: `${pointName(first)} then ${second.name}`,
        kind: first.kind,
        trial: {
          isWarm: true,
          trips: [first, second].map(({ name }) => ({ point: name, nth: 1, how: 'kill' as const })),
        },
      })),
  )
}

function verbOf({ name }: Point): string {
  return name.split('/')[0] ?? name
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
