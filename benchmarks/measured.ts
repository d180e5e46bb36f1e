// Owns: what a run costs beside time: processor time of our process and of the server's, commits, log bytes, and the
// settings without which a figure does not count.
import { readdirSync, readFileSync } from 'node:fs'
import type { Queryable } from '@ensemble/postgres'

/** Of one moment; two of them make a cost. */
export interface Reading {
  readonly ownCpuMs: number
  /** Null where the system does not tell (anything but Linux). */
  readonly serverCpuMs: number | null
  readonly commits: number
  readonly walBytes: number
}

export interface Cost {
  readonly node_cpu_ms_per_saga: number
  readonly postgres_cpu_ms_per_saga: number | null
  readonly commits_per_saga: number
  readonly wal_bytes_per_saga: number
}

const DURABLE = ['fsync', 'synchronous_commit', 'full_page_writes'] as const

/** Throws when the server may lose what it has acknowledged: such a figure would count for nothing. */
export async function durableSettings(admin: Queryable): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = {}
  for (const name of DURABLE) {
    const { rows } = await admin.query('SELECT current_setting($1::text) AS value', [name])
    found[name] = String(rows[0]?.['value'])
  }
  const wrong = DURABLE.filter((name) => found[name] !== 'on')
  if (wrong.length > 0) throw new Error(`the server is not durable: set ${wrong.join(', ')} to on`)
  return found
}

export async function reading(admin: Queryable, serverPid: number): Promise<Reading> {
  const { rows } = await admin.query(
    'SELECT sum(d.xact_commit)::int8 AS commits, ' +
      'pg_wal_lsn_diff(pg_current_wal_insert_lsn(), $1::pg_lsn)::int8 AS bytes FROM pg_stat_database AS d',
    ['0/0'],
  )
  const { user, system } = process.cpuUsage()
  return {
    ownCpuMs: (user + system) / 1_000,
    serverCpuMs: cpuMsOf(serverPid),
    commits: Number(rows[0]?.['commits']),
    walBytes: Number(rows[0]?.['bytes']),
  }
}

export function costOf(before: Reading, after: Reading, sagas: number): Cost {
  const each = (value: number, digits: number): number => Number((value / Math.max(1, sagas)).toFixed(digits))
  return {
    node_cpu_ms_per_saga: each(after.ownCpuMs - before.ownCpuMs, 3),
    postgres_cpu_ms_per_saga:
      before.serverCpuMs === null || after.serverCpuMs === null
        ? null
        : each(after.serverCpuMs - before.serverCpuMs, 3),
    commits_per_saga: each(after.commits - before.commits, 2),
    wal_bytes_per_saga: each(after.walBytes - before.walBytes, 0),
  }
}

const TICKS_PER_SECOND = 100

/** Processor time of the server, of its processes, and of those that have ended, milliseconds. */
function cpuMsOf(pid: number): number | null {
  if (process.platform !== 'linux') return null
  const parents = new Map<number, readonly number[]>()
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    const fields = statOf(Number(name))
    if (fields !== null) parents.set(Number(name), fields)
  }
  let ticks = 0
  for (const [one, [, ppid = 0, utime = 0, stime = 0, ended = 0, endedSystem = 0]] of parents) {
    if (one === pid) ticks += utime + stime + ended + endedSystem
    else if (ppid === pid) ticks += utime + stime
  }
  return (ticks * 1_000) / TICKS_PER_SECOND
}

/** Pid, parent, and times of itself and of children that it has waited for, ticks. */
function statOf(pid: number): readonly number[] | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return [pid, ...[1, 11, 12, 13, 14].map((index) => Number(fields[index]))]
  } catch {
    return null
  }
}
