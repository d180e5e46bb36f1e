// Owns: knowing and ending the process of a server of one's own, whoever started it.
// I1: a process gets a signal only after the system said that its command line names what only that server is given.
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { systemClock } from '@ensemble/runtime'

const run = promisify(execFile)

const POLL_MS = 50
const NEVER = new AbortController().signal

/** Looks again until `look` answers true; false when the time is over. */
export async function waitFor(look: () => Promise<boolean>, waitMs: number): Promise<boolean> {
  const end = systemClock.now() + waitMs
  while (!(await look())) {
    if (systemClock.now() >= end) return false
    await systemClock.sleep(POLL_MS, NEVER)
  }
  return true
}

async function commandOf(pid: number): Promise<string> {
  if (process.platform === 'linux') return await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
  const listed = await run('ps', ['-ww', '-p', String(pid), '-o', 'command=']).catch(() => ({ stdout: '' }))
  return listed.stdout
}

/** `word` is in the command line of that server only, such as the path of its settings or its data. */
export async function isServer(pid: number, word: string): Promise<boolean> {
  return (await commandOf(pid)).includes(word)
}

/** Answers whether it has ended. */
export async function endServer(pid: number, word: string, signal: NodeJS.Signals): Promise<boolean> {
  if (!(await isServer(pid, word))) return true
  process.kill(pid, signal)
  const waitMs = signal === 'SIGKILL' ? 5_000 : 15_000
  return await waitFor(async () => !(await isServer(pid, word)), waitMs)
}
