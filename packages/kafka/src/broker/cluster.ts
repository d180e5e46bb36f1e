// Owns: a real Apache Kafka of one's own, for tests and for trying things out: one broker, or three that replicate.
// I1: the state is files in its folder, so that another process can end what this one started.
// I2: a broker that is started again has its data and its ports.
import { execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, open, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { BrokerError } from './errors.ts'
import { freePorts } from './ports.ts'
import { endServer, isServer, waitFor } from './process.ts'
import { LOG_SETTINGS, propertiesOf, type Node } from './properties.ts'
import { scramArguments, secure, type Secured } from './secured.ts'

const run = promisify(execFile)

const START_MS_MAX = 120_000
const FORMAT_MS_MAX = 120_000
/** Bounds what a broker takes of a small machine; starts faster than Java's own choices. */
const JAVA_OPTIONS = ['-Xms96m', '-Xmx320m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1']
const STATE_FILE = 'cluster.json'

interface State {
  readonly jars: string
  readonly secured?: Secured
  readonly nodes: readonly Node[]
}

export interface ClusterOptions {
  /** Where everything of it is kept; must be empty or new. */
  readonly directory: string
  readonly jars: string
  /** 1, or 3 with replication. */
  readonly count: number
  /** Of the first broker, the next ones follow; free ones unless given. */
  readonly port?: number
  /** Listen with TLS and SASL too, on ports that are free. */
  readonly isSecured?: boolean
  readonly say?: (line: string) => void
}

export interface BrokerStatus {
  readonly id: number
  readonly address: string
  readonly pid: number | null
}

export interface BrokerCluster {
  readonly directory: string
  /** As a client wants them: `127.0.0.1:19092,...`. */
  readonly brokers: string
  /** Where and how a client comes in with TLS and SASL, if it can. */
  readonly secured: (Secured & { readonly brokers: string }) | undefined
  status(): Promise<readonly BrokerStatus[]>
  /** Starts those that do not run, with the data that they have. Errors: START_FAILED. */
  start(): Promise<void>
  /** Ends one at once, as a crash does. */
  kill(id: number): Promise<void>
  /** Sends one a signal, e.g. SIGSTOP. */
  signal(id: number, signal: NodeJS.Signals): Promise<void>
  /** Ends all of them in good order; their data stays. */
  stop(): Promise<void>
  /** Ends all of them and removes the folder. */
  remove(): Promise<void>
}

/** Makes a cluster and starts it. Errors: START_FAILED. */
export async function createCluster(options: ClusterOptions): Promise<BrokerCluster> {
  const { directory, jars, say = () => undefined } = options
  await mkdir(directory, { recursive: true })
  const secured = options.isSecured === true ? await secure(directory) : undefined
  const nodes = await nodesOf(options, secured)
  await writeFile(join(directory, 'log4j2.xml'), LOG_SETTINGS)
  const clusterId = randomBytes(16).toString('base64url').replaceAll(/[-_]/g, 'x')
  for (const node of nodes) {
    await writeFile(
      settingsFile(directory, node),
      propertiesOf(node, nodes, join(directory, `data-${node.id}`)),
    )
    say(`formatting broker ${node.id}`)
    const format = ['kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', settingsFile(directory, node)]
    const users = secured === undefined ? [] : scramArguments(secured)
    await run('java', [...JAVA_OPTIONS, '-cp', join(jars, '*'), ...format, ...users], {
      timeout: FORMAT_MS_MAX,
    })
  }
  const state: State = { jars, nodes, ...(secured !== undefined && { secured }) }
  await writeFile(join(directory, STATE_FILE), JSON.stringify(state))
  const cluster = clusterOf(directory, state, say)
  try {
    await cluster.start()
  } catch (error) {
    await cluster.remove()
    throw error
  }
  return cluster
}

async function nodesOf(
  { count, port }: ClusterOptions,
  secured: Awaited<ReturnType<typeof secure>> | undefined,
): Promise<readonly Node[]> {
  const free = port === undefined ? await freePorts(count * 2) : []
  const others = secured === undefined ? [] : await freePorts(count)
  return Array.from({ length: count }, (_, index): Node => {
    const first = port === undefined ? (free[index * 2] ?? 0) : port + index * 2
    const node = { id: index + 1, port: first, controllerPort: free[index * 2 + 1] ?? first + 1 }
    return secured === undefined ? node : { ...node, secured: { ...secured, port: others[index] ?? 0 } }
  })
}

/** The cluster that some process made there; undefined when there is none. */
export async function findCluster(directory: string): Promise<BrokerCluster | undefined> {
  const text = await readFile(join(directory, STATE_FILE), 'utf8').catch(() => undefined)
  return text === undefined ? undefined : clusterOf(directory, JSON.parse(text) as State, () => undefined)
}

function settingsFile(directory: string, { id }: Node): string {
  return join(directory, `server-${id}.properties`)
}

function pidFile(directory: string, { id }: Node): string {
  return join(directory, `broker-${id}.pid`)
}

/** null when it does not run. */
async function pidOf(directory: string, node: Node): Promise<number | null> {
  const pid = Number(await readFile(pidFile(directory, node), 'utf8').catch(() => ''))
  if (!Number.isInteger(pid) || pid <= 0) return null
  return (await isServer(pid, settingsFile(directory, node))) ? pid : null
}

function clusterOf(
  directory: string,
  { jars, nodes, secured }: State,
  say: (line: string) => void,
): BrokerCluster {
  const addressOf = ({ port }: Pick<Node, 'port'>): string => `127.0.0.1:${port}`
  const listeners = nodes.flatMap((node) => (node.secured === undefined ? [] : [addressOf(node.secured)]))
  const end = async (node: Node, signal: NodeJS.Signals): Promise<boolean> => {
    const pid = await pidOf(directory, node)
    return pid === null || (await endServer(pid, settingsFile(directory, node), signal))
  }
  const one = (id: number): Node => {
    const node = nodes.find((candidate) => candidate.id === id)
    if (node === undefined) throw new RangeError(`no broker ${id}`)
    return node
  }
  return {
    directory,
    brokers: nodes.map(addressOf).join(','),
    secured: secured && { ...secured, brokers: listeners.join(',') },
    status: () =>
      Promise.all(
        nodes.map(async (node) => ({
          id: node.id,
          address: addressOf(node),
          pid: await pidOf(directory, node),
        })),
      ),
    start: async () => {
      const starting: Promise<void>[] = []
      for (const node of nodes) {
        if ((await pidOf(directory, node)) === null) starting.push(startNode(directory, jars, node))
      }
      if (starting.length > 0) say(`starting ${starting.length} of ${nodes.length} brokers`)
      await Promise.all(starting)
    },
    kill: async (id) => void (await end(one(id), 'SIGKILL')),
    signal: async (id, signal) => {
      const pid = await pidOf(directory, one(id))
      if (pid !== null) process.kill(pid, signal)
    },
    stop: async () => {
      for (const signal of ['SIGTERM', 'SIGKILL'] as const)
        await Promise.all(nodes.map((node) => end(node, signal)))
    },
    remove: async () => {
      await Promise.all(nodes.map((node) => end(node, 'SIGKILL')))
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** Resolves when the broker says that it is started. */
async function startNode(directory: string, jars: string, node: Node): Promise<void> {
  const settings = settingsFile(directory, node)
  const path = join(directory, `broker-${node.id}.log`)
  // A log of its own for each start: what an earlier one said must not count.
  const log = await open(path, 'w')
  const logging = `-Dlog4j2.configurationFile=file:${join(directory, 'log4j2.xml')}`
  const child = spawn('java', [...JAVA_OPTIONS, logging, '-cp', join(jars, '*'), 'kafka.Kafka', settings], {
    cwd: directory,
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
  })
  await log.close()
  let hasEnded = false
  child.on('exit', () => {
    hasEnded = true
  })
  child.on('error', () => {
    hasEnded = true
  })
  child.unref()
  await writeFile(pidFile(directory, node), String(child.pid ?? ''))
  const isReady = async (): Promise<boolean> =>
    hasEnded || (await readFile(path, 'utf8')).includes('Kafka Server started')
  if ((await waitFor(isReady, START_MS_MAX)) && !hasEnded) return
  const last = (await readFile(path, 'utf8')).trimEnd().split('\n').slice(-5).join('\n')
  throw new BrokerError('START_FAILED', `broker ${node.id} did not start, its log ends with:\n${last}`)
}
