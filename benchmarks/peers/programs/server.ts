// Owns: an engine's server beside its program: free ports, its process, and a directory that goes with it.
// I1: it is a child of the program, so that its processor time counts.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

export const HOST = '127.0.0.1'
const READY_MS_MAX = 60_000
const POLL_MS = 100

export interface Server {
  readonly name: string
  readonly program: string
  readonly args: (directory: string) => readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** What it says is not shown. */
  readonly isSilent?: boolean
  readonly isReady: () => Promise<boolean>
}

/** Errors: a server that ends, or is not ready in a minute. */
export async function startServer(server: Server): Promise<() => Promise<void>> {
  const { name, program, args, env, isSilent = false, isReady } = server
  const directory = await mkdtemp(join(tmpdir(), `ensemble-bench-${name}-`))
  const child = spawn(program, args(directory), {
    cwd: directory,
    env: { ...basicEnv(), ...env },
    stdio: isSilent ? 'ignore' : ['ignore', 2, 2],
  })
  const ended = once(child, 'exit')
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM')
    await ended
    await rm(directory, { recursive: true, force: true })
  }
  const end = performance.now() + READY_MS_MAX
  while (!(await isReady())) {
    if (child.exitCode !== null || performance.now() > end) {
      await stop()
      throw new Error(`the server of ${name} did not start`)
    }
    await sleep(POLL_MS)
  }
  return stop
}

/** What a server may know of this process: nothing of its settings. */
export function basicEnv(): Readonly<Record<string, string | undefined>> {
  const { PATH, HOME } = process.env
  return { PATH, HOME }
}

export async function freePorts<Name extends string>(
  ...names: readonly Name[]
): Promise<Readonly<Record<Name, number>>> {
  const servers = await Promise.all(
    names.map(async (name) => {
      const server = createServer().listen(0, HOST)
      await once(server, 'listening')
      return { name, server, port: (server.address() as AddressInfo).port }
    }),
  )
  for (const { server } of servers) server.close()
  return Object.fromEntries(servers.map(({ name, port }) => [name, port])) as Record<Name, number>
}

export async function isAnswering(...urls: readonly string[]): Promise<boolean> {
  const answers = await Promise.all(urls.map((url) => fetch(url).catch(() => undefined)))
  return answers.every((answer) => answer?.ok === true)
}
