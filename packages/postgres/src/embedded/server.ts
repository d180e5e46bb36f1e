/**
 * Owns the life of the embedded PostgreSQL server of one directory: start, take over, restart, stop.
 * I1: data is durable unless `durable: false`; the server outlives our death and is found again by its directory.
 * I2: it listens on 127.0.0.1 and on a Unix socket in its directory, and only with the password kept there.
 * I3: one living process of ours per directory (owner.ts).
 */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { open, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { firstRow, withClient } from '../database/client.ts'
import { systemClock } from '../database/clock.ts'
import type { Clock } from '../database/clock.ts'
import { serverAccount } from './account.ts'
import type { Account } from './account.ts'
import { findBinaries } from './binaries.ts'
import type { Binaries } from './binaries.ts'
import { identity, makeDirectory, prepareCluster, serverEnvironment, SUPERUSER } from './cluster.ts'
import type { Cluster } from './cluster.ts'
import { EmbeddedError } from './errors.ts'
import { boundLog, followLog, lastLines } from './log.ts'
import { takeOwnership } from './owner.ts'
import { endPostmaster, isServerOf, readPostmaster, stopServer, waitForEnd } from './postmaster.ts'
import { canListen, removeLeftSockets, socketHost, socketSettings } from './socket.ts'

export interface EmbeddedOptions {
  /** Made with its parents if need be. */
  readonly directory: string
  /** The one of the last start, or a free one, unless given. */
  readonly port?: number
  /** Gets the server's own lines and ours. */
  readonly log?: (line: string) => void
  /** False trades the data for speed: for tests. */
  readonly durable?: boolean
  /** As whom root starts it. */
  readonly user?: string
  readonly clock?: Clock
}

export interface EmbeddedServer {
  /** By the Unix socket, where there is one: its parameter `host`. Without that parameter it leads to TCP. */
  url(database?: string, user?: { readonly name: string; readonly password: string }): string
  readonly adminUrl: string
  readonly port: number
  readonly pid: number
  /** Whether it was already running, left by a process that died. */
  readonly isTakenOver: boolean
  stop(): Promise<void>
  /** Starts it again, on its port, if it has died; answers whether it had. */
  revive(): Promise<boolean>
  /** For tests. `kill` is SIGKILL to the server. The port stays. */
  restart(mode: 'kill' | 'graceful'): Promise<void>
}

const HOST = '127.0.0.1'
/** Recovery of a large log after a crash may take this long. */
const START_MS_MAX = 60_000
const POLL_MS = 20
/** A left server that is slower than this is started anew. */
const ASK_MS_MAX = 5_000
/** After a kill, old backends hold the shared memory until they notice. */
const START_TRIES_MAX = 25
const START_RETRY_MS = 100

const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: HOST,
  // Two instances of each service with all their pools full, and room for people.
  max_connections: '400',
  // With half of it each index' page is written again and again.
  shared_buffers: '256MB',
  jit: 'off',
  // Plans of our statements never gain from a second core that other services need.
  max_parallel_workers_per_gather: '0',
  wal_compression: 'on',
  max_wal_size: '2GB',
  checkpoint_timeout: '10min',
  // Nobody looks at process titles, and each statement would write one.
  update_process_title: 'off',
  // Append-and-delete tables: the default waits for a fifth of the table.
  autovacuum_naptime: '15s',
  // Our statements go by keys. To compare the JSON of 30,000 rows of each table that grows is a tenth of all work.
  default_statistics_target: '10',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_checkpoints: 'off',
}
const DURABLE: Readonly<Record<string, string>> = {
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
}
const VOLATILE: Readonly<Record<string, string>> = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
}

/** A setting of our own, which tells a server started as this program would from any other. */
const FINGERPRINT = 'ensemble.settings'

interface Plan {
  readonly cluster: Cluster
  readonly binaries: Binaries
  readonly account: Account | undefined
  readonly settings: Readonly<Record<string, string>>
  /** Of the Unix socket, where there is one. */
  readonly host: string | undefined
  readonly clock: Clock
}

export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedServer> {
  const { clock = systemClock, log = () => undefined } = options
  const account = await serverAccount(options.user ?? 'postgres')
  const directory = await makeDirectory(options.directory, account)
  const ownership = await takeOwnership(directory)
  try {
    const binaries = await findBinaries(account)
    const isDurable = options.durable !== false
    const cluster = await prepareCluster(directory, { binaries, account, isDurable })
    const host = await socketHost(cluster.data)
    const chosen = { ...SETTINGS, ...socketSettings(host), ...(isDurable ? DURABLE : VOLATILE) }
    const fingerprint = createHash('sha256')
      .update(JSON.stringify([binaries.version, chosen]))
      .digest('hex')
    const settings = { ...chosen, [FINGERPRINT]: fingerprint }
    const plan: Plan = { cluster, binaries, account, settings, host, clock }
    const tail = options.log === undefined ? undefined : await followLog(cluster.log, log)
    const found = await takeOver(plan, options.port)
    log(found === undefined ? `starting PostgreSQL in ${directory}` : `taking over PostgreSQL ${found.pid}`)
    const server = found ?? (await start(plan, options.port))
    return handleOf(plan, server, found !== undefined, async () => {
      tail?.close()
      await ownership.release()
    })
  } catch (error) {
    await ownership.release()
    throw error
  }
}

interface Running {
  readonly pid: number
  readonly port: number
}

function handleOf(
  plan: Plan,
  first: Running,
  isTakenOver: boolean,
  onStop: () => Promise<void>,
): EmbeddedServer {
  let running: Running | undefined = first
  const { cluster, binaries, host, clock } = plan
  const query = host === undefined ? '' : `?host=${encodeURIComponent(host)}`
  const url: EmbeddedServer['url'] = (database = 'postgres', user) => {
    const { name, password } = user ?? { name: SUPERUSER, password: cluster.password }
    return `postgres://${name}:${encodeURIComponent(password)}@${HOST}:${first.port}/${database}${query}`
  }
  return {
    url,
    adminUrl: url(),
    port: first.port,
    get pid() {
      return running?.pid ?? 0
    },
    isTakenOver,
    stop: async () => {
      const last = running
      running = undefined
      if (last === undefined) return
      await stopServer(last.pid, cluster.data, { binaries, clock })
      await onStop()
    },
    revive: async () => {
      const last = running
      if (last === undefined || (await isServerOf(last.pid, cluster.data))) return false
      const found = await readPostmaster(cluster.data)
      const isUp = found !== undefined && (await isServerOf(found.pid, cluster.data))
      const revived = isUp ? { pid: found.pid, port: found.port } : await startAgain(plan, last.port)
      if (running === last) running = revived
      return true
    },
    restart: async (mode) => {
      const last = running
      if (last === undefined)
        throw new EmbeddedError('START_FAILED', 'the server was stopped; start it again')
      if (mode === 'graceful') await stopServer(last.pid, cluster.data, { binaries, clock })
      else process.kill(last.pid, 'SIGKILL')
      await waitForEnd(last.pid, START_MS_MAX, clock)
      running = await startAgain(plan, last.port)
    },
  }
}

/** A running server is kept if it answers with our password for our directory, on the asked port and settings. */
async function takeOver(plan: Plan, port: number | undefined): Promise<Running | undefined> {
  const { cluster, binaries, clock, settings } = plan
  const found = await readPostmaster(cluster.data)
  const isOurs = found !== undefined && (await isServerOf(found.pid, cluster.data))
  if (isOurs && (port === undefined || port === found.port)) {
    const actual = await setting(plan, found.port, FINGERPRINT)
    if (actual === settings[FINGERPRINT]) return { pid: found.pid, port: found.port }
  }
  await endPostmaster(cluster.data, binaries, clock)
  return undefined
}

/** The killed server's processes hold its port until they notice. */
async function startAgain(plan: Plan, port: number): Promise<Running> {
  for (let tries = 1; tries < START_TRIES_MAX && !(await isFree(port)); tries += 1) {
    await plan.clock.sleep(START_RETRY_MS)
  }
  return await start(plan, port)
}

async function start(plan: Plan, port: number | undefined): Promise<Running> {
  const { cluster, clock } = plan
  const portFile = join(cluster.directory, 'port')
  const last = Number(await readFile(portFile, 'utf8').catch(() => '0'))
  await boundLog(cluster.log)
  await removeLeftSockets(cluster.data)
  for (let tries = 1; ; tries += 1) {
    const chosen = port ?? (last > 0 && (await isFree(last)) ? last : await freePort())
    if (!(await isFree(chosen))) {
      throw new EmbeddedError(
        'PORT_IN_USE',
        `port ${chosen} is taken: choose another, or none for a free one`,
      )
    }
    const pid = await spawnServer(plan, chosen)
    if (pid !== undefined) {
      await writeFile(portFile, String(chosen))
      return { pid, port: chosen }
    }
    if (tries >= START_TRIES_MAX) {
      const lines = await lastLines(cluster.log)
      throw new EmbeddedError(
        'START_FAILED',
        `PostgreSQL does not start in ${cluster.directory}; its last lines:\n${lines}`,
      )
    }
    await clock.sleep(START_RETRY_MS)
  }
}

/** Answers the process number once it takes connections, nothing if it ended before. */
async function spawnServer(plan: Plan, port: number): Promise<number | undefined> {
  const { cluster, binaries, account, settings, clock } = plan
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const log = await open(cluster.log, 'a')
  let child: ChildProcess
  try {
    child = spawn(binaries.postgres, ['-D', cluster.data, '-p', String(port), ...flags], {
      cwd: cluster.directory,
      env: serverEnvironment(),
      // Its own group: an interrupt typed at our terminal must reach our services first.
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
      ...identity(account),
    })
  } finally {
    await log.close()
  }
  let failure: Error | undefined
  child.on('error', (error) => {
    failure = error
  })
  child.unref()
  const end = clock.now() + START_MS_MAX
  while (clock.now() < end) {
    if (failure !== undefined)
      throw new EmbeddedError('START_FAILED', `PostgreSQL cannot be run: ${failure.message}`, failure)
    if (child.exitCode !== null || child.signalCode !== null) return undefined
    const found = await readPostmaster(cluster.data)
    if (found?.pid === child.pid && found?.isReady === true) return found.pid
    await clock.sleep(POLL_MS)
  }
  child.kill('SIGQUIT')
  return undefined
}

/** Nothing where the server does not answer, or not to our password. */
async function setting({ cluster, host = HOST }: Plan, port: number, name: string): Promise<unknown> {
  const { password } = cluster
  const config = {
    host,
    port,
    user: SUPERUSER,
    password,
    database: 'postgres',
    query_timeout: ASK_MS_MAX,
  }
  try {
    return await withClient({ ...config, connectionTimeoutMillis: ASK_MS_MAX }, async (client) => {
      const { value } = await firstRow(client, 'select current_setting($1::text, true) as "value"', [name])
      return value
    })
  } catch {
    return undefined
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, HOST, resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : 0
}

async function isFree(port: number): Promise<boolean> {
  return await canListen({ host: HOST, port })
}
