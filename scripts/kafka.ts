// Owns: `npm run kafka -- up|down|status`: a real Apache Kafka on loopback, without Docker, for trying things out.
// I1: it ends only brokers that it started.
// I2: exit code 3 says that this machine lacks Java or Maven, or cannot download Kafka.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import {
  BrokerError,
  checkJava,
  createCluster,
  findCluster,
  isBrokerUnavailable,
  kafkaJars,
  type BrokerCluster,
} from '@ensemble/kafka/broker'

const USAGE = 'usage: npm run kafka -- up [--brokers 1|3] [--port 19092] [--secured] | down | status'
const EXIT_UNAVAILABLE = 3
/** Downloaded jars, and where the running cluster's folder is. */
const CACHE = fileURLToPath(new URL('../.tmp/kafka', import.meta.url))
const WHERE = join(CACHE, 'running')

type Say = (line: string) => void

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

interface Wanted {
  readonly count: number
  /** Free ones unless given. */
  readonly port?: number
  /** Listen with TLS and SASL too. */
  readonly isSecured?: boolean
  /** An empty or a new one; a temporary one unless given. */
  readonly directory?: string
}

/** Makes brokers and starts them. Errors: BrokerError. */
export async function startBrokers(wanted: Wanted, say: Say): Promise<BrokerCluster> {
  await checkJava()
  const jars = await kafkaJars(CACHE, say)
  const directory = wanted.directory ?? (await mkdtemp(join(tmpdir(), 'ensemble-kafka-')))
  return await createCluster({ ...wanted, directory, jars, say })
}

async function running(): Promise<BrokerCluster | undefined> {
  const directory = (await readFile(WHERE, 'utf8').catch(() => '')).trim()
  return directory === '' ? undefined : await findCluster(directory)
}

async function up(wanted: Wanted): Promise<void> {
  const known = await running()
  await known?.start()
  const cluster = known ?? (await startBrokers(wanted, print))
  await mkdir(CACHE, { recursive: true })
  await writeFile(WHERE, cluster.directory)
  print(`${known === undefined ? 'ready' : 'runs already'}: KAFKA_BROKERS=${cluster.brokers}`)
  if (cluster.secured === undefined) return
  const { brokers, ca, username, password } = cluster.secured
  print(`with TLS and SASL: KAFKA_BROKERS=${brokers} KAFKA_TLS_CA=${ca}`)
  print(`  KAFKA_SASL=SCRAM-SHA-512 KAFKA_USERNAME=${username} KAFKA_PASSWORD=${password}`)
}

async function down(): Promise<void> {
  const known = await running()
  await known?.remove()
  await rm(WHERE, { force: true })
  print(known === undefined ? 'nothing runs' : 'stopped, its data is removed')
}

async function status(): Promise<void> {
  const known = await running()
  if (known === undefined) print('nothing runs')
  for (const { id, address, pid } of (await known?.status()) ?? []) {
    print(`broker ${id} at ${address}: ${pid === null ? 'does not run' : `runs as ${pid}`}`)
  }
}

async function main(args: readonly string[]): Promise<void> {
  const options = {
    brokers: { type: 'string', default: '1' },
    port: { type: 'string' },
    secured: { type: 'boolean' },
  } as const
  const { positionals, values } = parseArgs({ args: [...args], options, allowPositionals: true })
  const count = Number(values.brokers)
  const port = values.port === undefined ? {} : { port: Number(values.port) }
  const [verb] = positionals
  if (verb === 'up' && (count === 1 || count === 3))
    await up({ count, ...port, isSecured: values.secured === true })
  else if (verb === 'down') await down()
  else if (verb === 'status') await status()
  else throw new TypeError(USAGE)
}

if (import.meta.main) {
  try {
    await main(process.argv.slice(2))
  } catch (error) {
    const isTold = error instanceof BrokerError || error instanceof TypeError
    process.stderr.write(`${isTold ? error.message : String(error)}\n`)
    process.exitCode = isBrokerUnavailable(error) ? EXIT_UNAVAILABLE : 1
  }
}
