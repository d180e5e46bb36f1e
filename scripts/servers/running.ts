// Owns: servers that run: started, found again by another process, ended.
// I1: the state is a file in their folder, so that another process can end what this one started.
// I2: a process is ended by its pid, and only while its command line names its folder.
import { spawn } from 'node:child_process'
import { mkdir, open, readFile, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { BrokerError, endServer, isServer, waitFor } from '@ensemble/kafka/broker'
import { KINDS, type Launch, type Name, type Wanted } from './kinds.ts'

const START_MS_MAX = 120_000
const STATE_FILE = 'servers.json'

export interface Server {
  readonly name: Name
  readonly pid: number
  readonly port: number
  readonly settings: Readonly<Record<string, string>>
}

/** Those that were started there and still run. */
export async function serversIn(directory: string): Promise<readonly Server[]> {
  const text = await readFile(join(directory, STATE_FILE), 'utf8').catch(() => '[]')
  const started = JSON.parse(text) as readonly Server[]
  const running = await Promise.all(started.map((one) => isServer(one.pid, folderOf(directory, one.name))))
  return started.filter((_, index) => running[index] === true)
}

type Starting = Pick<Wanted, 'cache' | 'say'> & { readonly directory: string }

/** Starts one unless it runs. Errors: BrokerError. */
export async function startServer(name: Name, { cache, directory, say }: Starting): Promise<Server> {
  const running = await serversIn(directory)
  const known = running.find((one) => one.name === name)
  if (known !== undefined) return known
  const { needs, prepare } = KINDS[name]
  const behind = needs === undefined ? 0 : (await startServer(needs, { cache, directory, say })).port
  const folder = folderOf(directory, name)
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  const launch = await prepare({ cache, directory: folder, behind, say })
  const pid = await launched(name, launch, directory)
  const server = { name, pid, port: launch.port, settings: launch.settings }
  await writeState(directory, [...(await serversIn(directory)), server])
  say(`${name} listens on port ${launch.port}`)
  return server
}

/** Ends those that are named and what stands on them; removes their data. */
export async function stopServers(directory: string, names: readonly Name[]): Promise<readonly Name[]> {
  const running = await serversIn(directory)
  const ending = running.filter(
    ({ name }) => names.includes(name) || names.includes(KINDS[name].needs ?? name),
  )
  for (const { name, pid } of ending) {
    const folder = folderOf(directory, name)
    if (!(await endServer(pid, folder, 'SIGTERM'))) await endServer(pid, folder, 'SIGKILL')
    await rm(folder, { recursive: true, force: true })
  }
  const left = running.filter((one) => !ending.includes(one))
  if (left.length === 0) await rm(directory, { recursive: true, force: true })
  else await writeState(directory, left)
  return ending.map(({ name }) => name)
}

async function writeState(directory: string, servers: readonly Server[]): Promise<void> {
  await writeFile(join(directory, STATE_FILE), JSON.stringify(servers))
}

function folderOf(directory: string, name: Name): string {
  return join(directory, name)
}

/** Answers its pid once it can be used. Errors: START_FAILED. */
async function launched(name: Name, launch: Launch, directory: string): Promise<number> {
  const path = join(directory, `${name}.log`)
  const log = await open(path, 'w')
  const child = spawn(launch.command, [...launch.args], {
    cwd: directory,
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
    env: { ...process.env, ...launch.env },
  })
  await log.close()
  let hasEnded = false
  const ended = (): void => {
    hasEnded = true
  }
  child.on('exit', ended)
  child.on('error', ended)
  child.unref()
  const isReady = async (): Promise<boolean> => hasEnded || (await answers(launch))
  if ((await waitFor(isReady, START_MS_MAX)) && !hasEnded && child.pid !== undefined) return child.pid
  if (child.pid !== undefined) await endServer(child.pid, folderOf(directory, name), 'SIGKILL')
  const last = (await readFile(path, 'utf8')).trimEnd().split('\n').slice(-5).join('\n')
  throw new BrokerError('START_FAILED', `${name} did not start, its log ends with:\n${last}`)
}

async function answers({ port, url }: Launch): Promise<boolean> {
  if (url !== undefined)
    return await fetch(url).then(
      ({ ok }) => ok,
      () => false,
    )
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const socket = connect(port, '127.0.0.1')
  socket.on('connect', () => resolve(true))
  socket.on('error', () => resolve(false))
  const isListening = await promise
  socket.destroy()
  return isListening
}
