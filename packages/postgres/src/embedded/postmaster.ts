/**
 * Owns knowing and ending the server process of one data directory, whoever started it.
 * I1: a process gets a signal only after the system said that it is a PostgreSQL server of exactly this data directory.
 */
import { execFile } from 'node:child_process'
import { readFile, readlink, realpath, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import type { Clock } from '../database/clock.ts'
import type { Binaries } from './binaries.ts'
import { EmbeddedError } from './errors.ts'
import { processExists, processStat } from './owner.ts'

const run = promisify(execFile)

const POLL_MS = 20
const FAST_STOP_MS_MAX = 20_000
const IMMEDIATE_STOP_MS_MAX = 5_000

export interface Postmaster {
  readonly pid: number
  readonly port: number
  readonly isReady: boolean
}

/** What the data directory's own pid file says. Lines: pid, directory, start, port, socket, address, memory, status. */
export async function readPostmaster(data: string): Promise<Postmaster | undefined> {
  const text = await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '')
  const lines = text.split('\n')
  const [pid, port] = [Number(lines[0]), Number(lines[3])]
  if (!Number.isInteger(pid) || pid <= 0) return undefined
  return { pid, port, isReady: (lines[7] ?? '').trim() === 'ready' }
}

/** A zombie is gone: only its parent has not asked yet. */
async function isRunning(pid: number): Promise<boolean> {
  return processExists(pid) && (await processStat(pid)).state !== 'Z'
}

/** The server changes into its data directory when it starts, so its working directory proves which one it serves. */
export async function isServerOf(pid: number, data: string): Promise<boolean> {
  if (!(await isRunning(pid))) return false
  const real = await realpath(data)
  if (process.platform === 'linux') {
    const folder = await readlink(`/proc/${pid}/cwd`).catch(() => '')
    const command = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0')
    return folder === real && basename(command[0] ?? '').startsWith('postgres')
  }
  if (process.platform === 'win32') {
    const listed = await run('tasklist', ['/FI', `PID eq ${pid}`, '/NH']).catch(() => ({ stdout: '' }))
    return listed.stdout.includes('postgres.exe')
  }
  const listed = await run('ps', ['-ww', '-p', String(pid), '-o', 'command=']).catch(() => ({ stdout: '' }))
  return listed.stdout.includes('postgres') && (listed.stdout.includes(data) || listed.stdout.includes(real))
}

/** Ends what is left of an earlier run, and its pid file where the number is another process's by now. */
export async function endPostmaster(data: string, binaries: Binaries, clock: Clock): Promise<void> {
  const found = await readPostmaster(data)
  if (found === undefined) return
  if (await isServerOf(found.pid, data)) return stopServer(found.pid, data, { binaries, clock })
  if (await isRunning(found.pid)) await rm(join(data, 'postmaster.pid'), { force: true })
}

interface Stopper {
  readonly binaries: Binaries
  readonly clock: Clock
}

/** Fast shutdown, then immediate, then the system's. */
export async function stopServer(pid: number, data: string, { binaries, clock }: Stopper): Promise<void> {
  if (process.platform === 'win32') {
    await run(binaries.pgCtl, ['stop', '-D', data, '-m', 'fast', '-w']).catch(() => undefined)
    return
  }
  const steps = [
    ['SIGINT', FAST_STOP_MS_MAX],
    ['SIGQUIT', IMMEDIATE_STOP_MS_MAX],
    ['SIGKILL', IMMEDIATE_STOP_MS_MAX],
  ] as const
  for (const [signal, waitMs] of steps) {
    if (!(await isServerOf(pid, data)))
      return waitForEnd(pid, IMMEDIATE_STOP_MS_MAX, clock).then(() => undefined)
    process.kill(pid, signal)
    // A stopped process takes no signal but this.
    process.kill(pid, 'SIGCONT')
    if (await waitForEnd(pid, waitMs, clock)) return
  }
  throw new EmbeddedError('STOP_FAILED', `the PostgreSQL server ${pid} does not end; end it by hand`)
}

export async function waitForEnd(pid: number, waitMs: number, clock: Clock): Promise<boolean> {
  const end = clock.now() + waitMs
  while (await isRunning(pid)) {
    if (clock.now() >= end) return false
    await clock.sleep(POLL_MS)
  }
  return true
}
