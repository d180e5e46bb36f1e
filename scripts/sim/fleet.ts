// Owns: running many seeds on all cores: workers, their share of the seeds, the sum of what they tell.
import { availableParallelism } from 'node:os'
import { performance } from 'node:perf_hooks'
import { Worker } from 'node:worker_threads'
import type { Told } from './worker.ts'

export interface Sum {
  readonly seeds: number
  readonly sagas: number
  readonly events: number
  readonly seconds: number
  readonly faults: ReadonlyMap<string, number>
  readonly coverage: ReadonlyMap<string, number>
  readonly failed: readonly Told[]
}

export interface FleetOptions {
  readonly file: string | null
  /** Given out in order; an endless one is ended by `secondsMax`. */
  readonly seeds: Iterator<number>
  readonly secondsMax: number
  /** Stops after so many failed seeds. */
  readonly failedMax: number
  readonly onProgress: (sum: Sum) => void
}

const SHARE = 20

export async function runFleet(options: FleetOptions): Promise<Sum> {
  const { file, seeds, secondsMax, failedMax, onProgress } = options
  const begin = performance.now()
  const faults = new Map<string, number>()
  const coverage = new Map<string, number>()
  const failed: Told[] = []
  let count = { seeds: 0, sagas: 0, events: 0 }
  const sum = (): Sum => ({
    ...count,
    seconds: (performance.now() - begin) / 1_000,
    faults,
    coverage,
    failed,
  })
  const add = (told: readonly Told[]): void => {
    for (const one of told) {
      count = { seeds: count.seeds + 1, sagas: count.sagas + one.sagas, events: count.events + one.events }
      for (const [kind, times] of one.faults) faults.set(kind, (faults.get(kind) ?? 0) + times)
      for (const name of one.coverage) coverage.set(name, (coverage.get(name) ?? 0) + 1)
      if (one.violations.length > 0) failed.push(one)
    }
    onProgress(sum())
  }
  const share = (): readonly number[] => {
    if (failed.length >= failedMax || (performance.now() - begin) / 1_000 > secondsMax) return []
    const taken: number[] = []
    for (let next = seeds.next(); next.done !== true; next = seeds.next()) {
      taken.push(next.value)
      if (taken.length >= SHARE) break
    }
    return taken
  }
  const workers = Array.from({ length: availableParallelism() }, () => work(file, share, add))
  await Promise.all(workers)
  return sum()
}

function work(
  file: string | null,
  share: () => readonly number[],
  add: (told: readonly Told[]) => void,
): Promise<void> {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: { file } })
  return new Promise((resolve, reject) => {
    const next = (): void => {
      const seeds = share()
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker is no window
      if (seeds.length > 0) worker.postMessage(seeds)
      else void worker.terminate().then(() => resolve())
    }
    worker.on('message', (told: readonly Told[]) => {
      add(told)
      next()
    })
    worker.on('error', reject)
    next()
  })
}
