// Owns: `npm run test:kafka`: the tests that need a real Kafka, on a broker that is started for them and ended after.
// With KAFKA_BROKERS set they run on those brokers instead, without the scenes that stop a broker.
// I1: where no broker can be had it says why, and that is no failure.
// I2: the last line is `N passed, N failed`.
import { isBrokerUnavailable, type BrokerCluster } from '@ensemble/kafka/broker'
import { runTests } from './ci.ts'
import { startBrokers } from './kafka.ts'

const REPORT = '.tmp/vitest-kafka.json'
const EXIT_SIGNALLED = 130

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

/** What the tests find their broker by; undefined when there can be none. */
async function ground(stack: AsyncDisposableStack): Promise<Record<string, string> | undefined> {
  const given = process.env['KAFKA_BROKERS'] ?? ''
  if (given !== '') return { KAFKA_BROKERS: given }
  let cluster: BrokerCluster
  try {
    cluster = await startBrokers({ count: 1, isSecured: true }, say)
  } catch (error) {
    if (!isBrokerUnavailable(error)) throw error
    say(`the Kafka tests are skipped: ${error.message}`)
    return undefined
  }
  stack.defer(() => cluster.remove())
  return { KAFKA_BROKERS: cluster.brokers, ENSEMBLE_KAFKA_DIRECTORY: cluster.directory }
}

async function main(): Promise<number> {
  await using stack = new AsyncDisposableStack()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void stack.disposeAsync().finally(() => process.exit(EXIT_SIGNALLED)))
  }
  const env = await ground(stack)
  if (env === undefined) {
    say('0 passed, 0 failed')
    return 0
  }
  return await runTests({ name: 'kafka tier', args: ['--project', 'kafka'], report: REPORT, env })
}

process.exitCode = await main()
