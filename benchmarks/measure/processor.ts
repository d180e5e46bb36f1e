// Owns: processor time and memory of other people's processes, read from /proc; null where there is none (anything but
// Linux).
import { readdirSync, readFileSync } from 'node:fs'

const MS_PER_TICK = 10

interface Stat {
  readonly parent: number
  /** Of itself, milliseconds. */
  readonly ownMs: number
  /** Of its children that have ended and were waited for, milliseconds. */
  readonly endedMs: number
}

/** Of a process and everything below it, those that have ended included; null where the system does not tell. */
export function cpuMsBelow(pid: number): number | null {
  if (process.platform !== 'linux') return null
  const stats = new Map<number, Stat>()
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    const stat = statOf(Number(name))
    if (stat !== null) stats.set(Number(name), stat)
  }
  return cpuMsIn(stats, pid)
}

/** Pure. */
export function cpuMsIn(stats: ReadonlyMap<number, Stat>, root: number): number {
  let sum = 0
  const queue = [root]
  for (let pid = queue.pop(); pid !== undefined; pid = queue.pop()) {
    const stat = stats.get(pid)
    sum += (stat?.ownMs ?? 0) + (stat?.endedMs ?? 0)
    for (const [child, { parent }] of stats) if (parent === pid) queue.push(child)
  }
  return sum
}

/** Memory that a process has in use; null where the system does not tell. */
export function rssBytesOf(pid: number): number | null {
  try {
    const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return kilobytes === undefined ? null : Number(kilobytes) * 1_024
  } catch {
    return null
  }
}

/** Null when there is no such process. */
export function parentOf(pid: number): number | null {
  return statOf(pid)?.parent ?? null
}

function statOf(pid: number): Stat | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name is in brackets and may have spaces; the fields after it are numbered from 3.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    const ms = (from: number): number => (Number(fields[from - 3]) + Number(fields[from - 2])) * MS_PER_TICK
    return { parent: Number(fields[1]), ownMs: ms(14), endedMs: ms(16) }
  } catch {
    return null
  }
}
