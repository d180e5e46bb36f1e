// Owns: killing the database server of one data folder, and starting it again as whoever looks after servers would.
// I1: only the server that the folder's own pid file names is killed, and only if it works in that folder.
// I2: it comes back exactly as it was: program and arguments are what the server itself had written down.
import { spawn } from 'node:child_process'
import { readFile, readlink, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { now, poll, sleep } from './clock.ts'

const START_MS_MAX = 30_000
const POLL_MS = 20
/** Processes of the killed server hold its memory until they notice; until then a new one ends at once. */
const RETRY_MS = 100

interface Postmaster {
  readonly pid: number
  readonly isReady: boolean
}

async function postmasterOf(data: string): Promise<Postmaster | undefined> {
  const lines = (await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n')
  const pid = Number(lines[0])
  return pid > 0 ? { pid, isReady: lines[7]?.trim() === 'ready' } : undefined
}

/** Answers the number of the killed process; undefined when none runs. */
export async function killPostmaster(directory: string): Promise<number | undefined> {
  const data = join(directory, 'data')
  const found = await postmasterOf(data)
  if (found === undefined) return undefined
  if (process.platform === 'linux') {
    const folder = await readlink(`/proc/${found.pid}/cwd`).catch(() => '')
    if (folder !== (await realpath(data))) return undefined
  }
  process.kill(found.pid, 'SIGKILL')
  return found.pid
}

/** Somebody else may be faster, or may start one at the same time: then theirs it is. */
export async function revivePostmaster(directory: string, killed: number | undefined): Promise<void> {
  const data = join(directory, 'data')
  const { command, args } = commandOf(await readFile(join(data, 'postmaster.opts'), 'utf8'))
  const { uid, gid } = await stat(data)
  const isReady = async (): Promise<true | undefined> => {
    const found = await postmasterOf(data)
    return found !== undefined && found.pid !== killed && found.isReady ? true : undefined
  }
  const end = now() + START_MS_MAX
  while (now() < end) {
    const child = spawn(command, args, {
      cwd: directory,
      env: { PATH: process.env['PATH'], LC_ALL: 'C', LANG: 'C', TZ: 'UTC' },
      detached: true,
      stdio: 'ignore',
      ...(process.getuid?.() === 0 && { uid, gid }),
    })
    child.unref()
    const started = await poll(
      async () => (await isReady()) ?? (child.exitCode === null ? undefined : false),
      { withinMs: START_MS_MAX, everyMs: POLL_MS },
    )
    if (started === true) return
    await sleep(RETRY_MS)
  }
  throw new Error(`the database server of ${directory} does not come back`)
}

/** A line such as: /path/postgres "-D" "/path" "-p" "5432" */
function commandOf(line: string): { readonly command: string; readonly args: readonly string[] } {
  const at = line.indexOf(' "')
  const args = [...line.slice(at).matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, text = '']) => text)
  return { command: line.slice(0, at), args }
}
