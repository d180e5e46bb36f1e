// Owns: `npm run test:storages`: the tests that need real servers of history's storages, on servers that are started
// for them and ended after. One that is named by its settings already, such as HISTORY_MONGO_URL, is used instead.
// I1: a server that cannot be had here is told with the reason, its tests are skipped, and that is no failure.
// I2: the last line is `N passed, N failed`.
import { isBrokerUnavailable } from '@ensemble/kafka/broker'
import { mkdir } from 'node:fs/promises'
import { runTests } from './ci.ts'
import { CACHE, freshFolder } from './servers.ts'
import { NAMES, type Name } from './servers/kinds.ts'
import { startServer, stopServers } from './servers/running.ts'

const REPORT = '.tmp/vitest-storages.json'
const EXIT_SIGNALLED = 130
const GIVEN: Readonly<Record<Name, string>> = {
  mongo: 'HISTORY_MONGO_URL',
  opensearch: 'HISTORY_OPENSEARCH_URL',
  elasticsearch: 'HISTORY_ELASTICSEARCH_URL',
  s3: 'HISTORY_S3_BUCKET',
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

async function startAll(directory: string): Promise<Record<string, string>> {
  const env: Record<string, string> = {}
  for (const name of NAMES.filter((one) => process.env[GIVEN[one]] === undefined)) {
    try {
      Object.assign(env, (await startServer(name, { cache: CACHE, directory, say })).settings)
    } catch (error) {
      if (!isBrokerUnavailable(error)) throw error
      say(`the tests of ${name} are skipped: ${error.message}`)
    }
  }
  return env
}

async function main(): Promise<number> {
  await mkdir(CACHE, { recursive: true })
  const directory = await freshFolder()
  await using stack = new AsyncDisposableStack()
  stack.defer(async () => void (await stopServers(directory, NAMES)))
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void stack.disposeAsync().finally(() => process.exit(EXIT_SIGNALLED)))
  }
  const env = await startAll(directory)
  const args = ['--project', 'storages']
  return await runTests({
    name: 'storages tier',
    args,
    report: REPORT,
    env: { ...env, ENSEMBLE_STORAGES: '1' },
  })
}

process.exitCode = await main()
