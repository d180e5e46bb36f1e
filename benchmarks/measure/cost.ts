// Owns: what a run costs beside time: processor time by whose it is, commits, log bytes.
import type { Queryable } from '@ensemble/postgres'
import { cpuMsBelow } from './processor.ts'
import { rounded } from './statistics.ts'

/** Of one moment; two of them make a cost. */
export interface Reading {
  readonly oursCpuMs: number
  /** Null where the system does not tell, or where there is none. */
  readonly postgresCpuMs: number | null
  readonly kafkaCpuMs: number | null
  readonly commits: number
  readonly walBytes: number
}

export interface Cost {
  readonly cpu_ms_per_saga: {
    readonly ours: number
    readonly postgres: number | null
    readonly kafka: number | null
  }
  readonly cpu_ms_per_saga_all: number | null
  readonly commits_per_saga: number
  readonly wal_bytes_per_saga: number
}

export interface Servers {
  readonly admin: Queryable
  readonly postgresPid: number | null
  readonly kafkaPid: number | null
}

const COUNTERS =
  'SELECT sum(d.xact_commit)::int8 AS commits, ' +
  'pg_wal_lsn_diff(pg_current_wal_insert_lsn(), $1::pg_lsn)::int8 AS bytes FROM pg_stat_database AS d'

export async function reading(
  { admin, postgresPid, kafkaPid }: Servers,
  oursCpuMs: number,
): Promise<Reading> {
  const { rows } = await admin.query(COUNTERS, ['0/0'])
  return {
    oursCpuMs,
    postgresCpuMs: postgresPid === null ? null : cpuMsBelow(postgresPid),
    kafkaCpuMs: kafkaPid === null ? null : cpuMsBelow(kafkaPid),
    commits: Number(rows[0]?.['commits']),
    walBytes: Number(rows[0]?.['bytes']),
  }
}

/** Pure. A server that is not there costs nothing; one that does not tell makes the sum unknown. */
export function costOf(before: Reading, after: Reading, sagas: number): Cost {
  const each = (value: number, digits: number): number => rounded(value / Math.max(1, sagas), digits)
  const cpu = (from: number | null, to: number | null): number | null =>
    from === null || to === null ? null : each(to - from, 3)
  const ours = each(after.oursCpuMs - before.oursCpuMs, 3)
  const postgres = cpu(before.postgresCpuMs, after.postgresCpuMs)
  const kafka = cpu(before.kafkaCpuMs, after.kafkaCpuMs)
  return {
    cpu_ms_per_saga: { ours, postgres, kafka },
    cpu_ms_per_saga_all: postgres === null ? null : rounded(ours + postgres + (kafka ?? 0), 3),
    commits_per_saga: each(after.commits - before.commits, 2),
    wal_bytes_per_saga: each(after.walBytes - before.walBytes, 0),
  }
}
