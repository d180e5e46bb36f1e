// Owns: the closed loop: so many callers, each of whom asks for one thing after the other until the time or the count
// is used up.
// I1: what has begun is waited for; only then the loop is over.
// I2: the first failure ends the loop and is thrown.
import { Histogram } from './statistics.ts'

export interface Load<End extends string> {
  readonly concurrency: number
  readonly until: { readonly seconds: number } | { readonly count: number }
  /** Does the n-th thing, from 1 on, and says how it ended. */
  readonly one: (n: number) => Promise<End>
  /** Hears once a second how far it is. */
  readonly progress?: (soFar: Loaded<End>) => void
}

export interface Loaded<End extends string> {
  readonly latencies: Histogram
  readonly ends: Readonly<Partial<Record<End, number>>>
  readonly seconds: number
}

const PROGRESS_MS = 1_000

export async function load<End extends string>(wanted: Load<End>): Promise<Loaded<End>> {
  const { concurrency, until, one, progress } = wanted
  const latencies = new Histogram()
  const ends: Partial<Record<End, number>> = {}
  const began = performance.now()
  const msMax = 'seconds' in until ? until.seconds * 1_000 : Infinity
  const countMax = 'count' in until ? until.count : Infinity
  let count = 0
  let isFailed = false
  const caller = async (): Promise<void> => {
    while (!isFailed && count < countMax && performance.now() - began < msMax) {
      count += 1
      const from = performance.now()
      const end = await one(count)
      latencies.record(performance.now() - from)
      ends[end] = (ends[end] ?? 0) + 1
    }
  }
  const soFar = (): Loaded<End> => ({ latencies, ends, seconds: (performance.now() - began) / 1_000 })
  const timer = setInterval(() => progress?.(soFar()), PROGRESS_MS)
  try {
    await Promise.all(Array.from({ length: concurrency }, caller))
  } catch (error) {
    isFailed = true
    throw error
  } finally {
    clearInterval(timer)
  }
  return soFar()
}

/** Whether the n-th thing is one of those of which this share is wanted: evenly spread, the same every time. Pure. */
export function isDue(n: number, share: number): boolean {
  // A little more than nothing: 0.1 * 30 is a little more than 3, and 0.7 * 10 a little less than 7.
  const upTo = (count: number): number => Math.floor(count * share + 1e-9)
  return upTo(n) > upTo(n - 1)
}
