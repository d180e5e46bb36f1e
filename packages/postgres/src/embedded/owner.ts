/**
 * Owns the file that says which process holds a directory. Does not own the server's own pid file.
 * I1: one living process holds a directory; its death, not its goodbye, sets it free.
 * I2: a process number used again by another process is not the holder: start times are compared where there are any.
 */
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { randomText } from '../database/clock.ts'
import { parseFields } from '../database/client.ts'
import { EmbeddedError } from './errors.ts'

export interface Ownership {
  release(): Promise<void>
}

export async function takeOwnership(directory: string): Promise<Ownership> {
  const path = join(directory, 'owner.json')
  const mine = JSON.stringify({
    pid: process.pid,
    startedAt: await startOf(process.pid),
    token: randomText(8),
  })
  const draft = `${path}.${randomText(6)}`
  await writeFile(draft, mine, { mode: 0o644 })
  try {
    if (!(await linked(draft, path))) {
      await removeStale(path, directory)
      if (!(await linked(draft, path))) throw inUse(directory, undefined)
    }
  } finally {
    await rm(draft, { force: true })
  }
  return {
    release: async () => {
      const text = await readFile(path, 'utf8').catch(() => undefined)
      if (text === mine) await rm(path, { force: true })
    },
  }
}

/** Unlike writing, a link appears whole and fails when the name is taken. */
async function linked(draft: string, path: string): Promise<boolean> {
  return link(draft, path).then(
    () => true,
    () => false,
  )
}

async function removeStale(path: string, directory: string): Promise<void> {
  const seen = await readFile(path, 'utf8').catch(() => undefined)
  if (seen === undefined) return
  const holder = holderOf(seen)
  if (holder !== undefined && (await isAlive(holder))) throw inUse(directory, holder.pid)
  const aside = `${path}.${randomText(6)}`
  await rename(path, aside).catch(() => undefined)
  const taken = await readFile(aside, 'utf8').catch(() => undefined)
  // Another starter was faster and this is his: give it back.
  if (taken !== undefined && taken !== seen) await linked(aside, path)
  await rm(aside, { force: true })
}

interface Holder {
  readonly pid: number
  readonly startedAt: string
}

function holderOf(text: string): Holder | undefined {
  try {
    const { pid, startedAt } = parseFields(text)
    return typeof pid === 'number' && pid > 0 ? { pid, startedAt: String(startedAt) } : undefined
  } catch {
    return undefined
  }
}

async function isAlive({ pid, startedAt }: Holder): Promise<boolean> {
  return processExists(pid) && (await startOf(pid)) === startedAt
}

function inUse(directory: string, pid: number | undefined): EmbeddedError {
  const holder =
    pid === undefined ? 'another process' : pid === process.pid ? 'this process' : `process ${pid}`
  const fix = 'stop it first, or choose another directory'
  return new EmbeddedError(
    'DIRECTORY_IN_USE',
    `the database directory ${directory} is used by ${holder}: ${fix}`,
  )
}

export function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: it is there and belongs to somebody else.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** State letter and start time from the system's process table; empty where there is none in the file system. */
export async function processStat(pid: number): Promise<{ state: string; startedAt: string }> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  // The second field is the program's name in parentheses, which may hold anything.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return { state: fields[0] ?? '', startedAt: fields[19] ?? '' }
}

async function startOf(pid: number): Promise<string> {
  return (await processStat(pid)).startedAt
}
