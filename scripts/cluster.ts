// Owns: `npm run cluster`: every service as processes of its own on one machine, until Ctrl-C.
import { callToTry, SERVICE_NAMES } from '@ensemble/all-in-one'
import { BrokerError } from '@ensemble/kafka/broker'
import { readEnvironment, untilStopped, wordsOf } from '@ensemble/service'
import { startCluster, type Cluster } from './cluster/cluster.ts'
import { readWish, UsageError } from './cluster/options.ts'

const USAGE = 'usage: npm run cluster -- [--bus postgres|kafka] [--instances 2 | order=2,payment=2]'
/** A first start makes databases, and perhaps a broker, on a busy machine. */
const START_MS_MAX = 180_000

class NotReady extends Error {
  override readonly name = 'NotReady'
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

async function start(): Promise<Cluster> {
  const { bus, instances } = readWish(process.argv.slice(2), SERVICE_NAMES)
  const { env } = process
  const given = env['KAFKA_BROKERS'] ?? ''
  // Told once, here, instead of by every process.
  const { host, port, data, databaseUrl, isOpen, auth, pattern } = readEnvironment({
    env: { ...env, BUS: given === '' ? '' : bus },
    services: SERVICE_NAMES,
  })
  if (isOpen) say('AUTH=open: everybody who reaches this address may call')
  const brokers = given === '' ? undefined : given
  const cluster = await startCluster({ bus, instances, host, port, data, databaseUrl, brokers, env, say })
  if (!(await cluster.untilReady(START_MS_MAX))) {
    await cluster.stop()
    throw new NotReady(`not all processes are ready after ${START_MS_MAX / 1_000} s; their lines say why`)
  }
  for (const { name, url } of cluster.children) say(`${name}: ${url}`)
  const [url = ''] = cluster.urls
  say(`ready: ${url} (API page ${url}/docs), ${pattern}, ${bus} bus; Ctrl-C stops it`)
  say(callToTry(url, auth !== undefined))
  return cluster
}

try {
  await untilStopped(start(), say)
} catch (error) {
  process.stderr.write(`${wordsOf(error, [BrokerError, NotReady, UsageError])}\n`)
  if (error instanceof UsageError) process.stderr.write(`${USAGE}\n`)
  process.exitCode = 1
}
