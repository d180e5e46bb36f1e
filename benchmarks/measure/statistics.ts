// Owns: the numbers that are made of measured numbers. Pure.
// I1: a histogram costs the same memory after an hour as after a second, so that a soak measures the engine and not it.

/** Milliseconds; what is faster or slower counts as this. */
const MS_MIN = 0.001
const MS_MAX = 3_600_000
/** Each bucket is so much wider than the last: a percentile is wrong by half of this at most. */
const GROWTH = 1.01
const BUCKET_COUNT = Math.ceil(Math.log(MS_MAX / MS_MIN) / Math.log(GROWTH)) + 1

export class Histogram {
  readonly #counts = new Uint32Array(BUCKET_COUNT)
  #count = 0
  #max = 0

  get count(): number {
    return this.#count
  }

  get max(): number {
    return this.#max
  }

  record(ms: number): void {
    const inRange = Math.min(Math.max(ms, MS_MIN), MS_MAX)
    const bucket = Math.floor(Math.log(inRange / MS_MIN) / Math.log(GROWTH))
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1
    this.#count += 1
    this.#max = Math.max(this.#max, ms)
  }

  /** The value that this share of the recorded ones does not exceed; 0 when there are none. */
  percentile(share: number): number {
    const wanted = Math.ceil(this.#count * share)
    let seen = 0
    for (const [bucket, count] of this.#counts.entries()) {
      seen += count
      if (count > 0 && seen >= wanted) return Math.min(this.#max, MS_MIN * GROWTH ** (bucket + 0.5))
    }
    return 0
  }
}

export interface Latencies {
  readonly p50_ms: number
  readonly p90_ms: number
  readonly p99_ms: number
  readonly max_ms: number
}

export function latenciesOf(histogram: Histogram): Latencies {
  return {
    p50_ms: rounded(histogram.percentile(0.5), 2),
    p90_ms: rounded(histogram.percentile(0.9), 2),
    p99_ms: rounded(histogram.percentile(0.99), 2),
    max_ms: rounded(histogram.max, 2),
  }
}

export function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits))
}

/** The middle one, or the mean of the two in the middle; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const half = sorted.length / 2
  const [low, high] = [sorted[Math.ceil(half) - 1], sorted[Math.floor(half)]]
  return low === undefined || high === undefined ? Number.NaN : (low + high) / 2
}

/** Least and most. */
export function spread(values: readonly number[]): readonly [least: number, most: number] {
  return [Math.min(...values), Math.max(...values)]
}

export interface Point {
  readonly x: number
  readonly y: number
}

/** How much y grows while x grows by one, by least squares; null of fewer than three points. */
export function slope(points: readonly Point[]): number | null {
  if (points.length < 3) return null
  const mean = (pick: (point: Point) => number): number =>
    points.reduce((sum, point) => sum + pick(point), 0) / points.length
  const [x, y] = [mean((point) => point.x), mean((point) => point.y)]
  const across = mean((point) => (point.x - x) * (point.y - y))
  const along = mean((point) => (point.x - x) ** 2)
  return along === 0 ? null : across / along
}
