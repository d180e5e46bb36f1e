// Owns: killing the database server of one data folder, and seeing that there is a new one.
// I1: only the server that the folder's own pid file names is killed, and only if it works in that folder.
// I2: nobody here starts a server: that is for the system under test to do.
import { readFile, readlink, realpath } from 'node:fs/promises'
import { join } from 'node:path'

export interface Postmaster {
  readonly pid: number
  readonly isReady: boolean
}

export async function postmasterOf(directory: string): Promise<Postmaster | undefined> {
  const path = join(directory, 'data', 'postmaster.pid')
  const lines = (await readFile(path, 'utf8').catch(() => '')).split('\n')
  const pid = Number(lines[0])
  return pid > 0 ? { pid, isReady: lines[7]?.trim() === 'ready' } : undefined
}

/** Answers the number of the killed process; undefined when none runs. */
export async function killPostmaster(directory: string): Promise<number | undefined> {
  const found = await postmasterOf(directory)
  if (found === undefined) return undefined
  if (process.platform === 'linux') {
    const folder = await readlink(`/proc/${found.pid}/cwd`).catch(() => '')
    if (folder !== (await realpath(join(directory, 'data')))) return undefined
  }
  process.kill(found.pid, 'SIGKILL')
  return found.pid
}
