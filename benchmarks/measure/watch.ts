// Owns: what a long run looks like while it goes on: every ten seconds its rate, its memory and the size of every
// table, and at the end how fast each of them grew.
import type { Queryable } from '@ensemble/postgres'
import { rounded, slope } from './statistics.ts'

export interface Sample {
  readonly seconds: number
  readonly sagasPerS: number
  readonly rssBytes: number
  readonly heapBytes: number
  readonly tables: Readonly<Record<string, number>>
}

export interface Growth {
  readonly sagas_per_s_per_hour: number
  readonly rss_bytes_per_s: number
  readonly heap_bytes_per_s: number
  readonly tables_bytes_per_s: Readonly<Record<string, number>>
}

const SAMPLE_MS = 10_000

/** With their indexes and what is stored beside them; bytes, by schema and name. */
const SIZES =
  "SELECT n.nspname || '.' || c.relname AS name, pg_total_relation_size(c.oid)::int8 AS bytes " +
  'FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace ' +
  "WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1"

export interface Watched {
  readonly admin: Queryable
  /** Things done so far, and memory now. */
  readonly look: () => Promise<Pick<Sample, 'rssBytes' | 'heapBytes'> & { readonly count: number }>
  readonly say: (line: string) => void
}

/** Looks until it is stopped; stopping returns the samples. */
export function watch({ admin, look, say }: Watched): () => Promise<readonly Sample[]> {
  const samples: Sample[] = []
  const began = performance.now()
  let last = { seconds: 0, count: 0 }
  const sample = async (): Promise<void> => {
    const { count, rssBytes, heapBytes } = await look()
    const seconds = (performance.now() - began) / 1_000
    const { rows } = await admin.query(SIZES)
    const tables = Object.fromEntries(rows.map((row) => [String(row['name']), Number(row['bytes'])]))
    const sagasPerS = (count - last.count) / (seconds - last.seconds)
    last = { seconds, count }
    samples.push({ seconds, sagasPerS, rssBytes, heapBytes, tables })
    say(lineOf({ seconds, sagasPerS, rssBytes, heapBytes, tables }))
  }
  let sampling = Promise.resolve()
  const timer = setInterval(() => {
    sampling = sampling.then(sample).catch((error: unknown) => say(`no sample: ${String(error)}`))
  }, SAMPLE_MS)
  return async () => {
    clearInterval(timer)
    await sampling
    return samples
  }
}

/** Null of fewer than three samples; tables that did not change are left out. Pure. */
export function growthOf(samples: readonly Sample[]): Growth | null {
  const grown = (pick: (sample: Sample) => number): number | null =>
    slope(samples.map((sample) => ({ x: sample.seconds, y: pick(sample) })))
  const [rate, rss, heap] = [
    grown(({ sagasPerS }) => sagasPerS),
    grown(({ rssBytes }) => rssBytes),
    grown(({ heapBytes }) => heapBytes),
  ]
  if (rate === null || rss === null || heap === null) return null
  const names = Object.keys(samples.at(-1)?.tables ?? {})
  const tables = names.map((name) => [name, Math.round(grown((one) => one.tables[name] ?? 0) ?? 0)] as const)
  return {
    sagas_per_s_per_hour: rounded(rate * 3_600, 1),
    rss_bytes_per_s: Math.round(rss),
    heap_bytes_per_s: Math.round(heap),
    tables_bytes_per_s: Object.fromEntries(tables.filter(([, bytes]) => bytes !== 0)),
  }
}

function lineOf({ seconds, sagasPerS, rssBytes, heapBytes, tables }: Sample): string {
  const megabytes = (bytes: number): string => (bytes / 1_048_576).toFixed(1)
  const sizes = Object.entries(tables).filter(([, bytes]) => bytes > 100_000)
  const words = sizes.map(([name, bytes]) => `${name} ${megabytes(bytes)}`)
  return (
    `${seconds.toFixed(0)} s: ${Math.round(sagasPerS)} sagas/s, ` +
    `rss ${megabytes(rssBytes)} MB, heap ${megabytes(heapBytes)} MB, tables in MB: ${words.join(', ')}`
  )
}
