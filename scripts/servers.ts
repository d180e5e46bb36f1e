// Owns: `npm run servers -- up|down|status [name...]`: real servers of history's storages on loopback, without Docker,
// for trying things out: OpenSearch, the same behind a front that Elasticsearch's client accepts, a server that speaks
// MongoDB's protocol (FerretDB) and an S3 server (versitygw).
// I1: it ends only what it started, by pid; the data is in a temporary folder that goes with it.
// I2: exit code 3 says that one of them cannot be had here: Go, Java or Maven is missing, or a download fails.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { BrokerError, isBrokerUnavailable } from '@ensemble/kafka/broker'
import { NAMES, type Name } from './servers/kinds.ts'
import { serversIn, startServer, stopServers } from './servers/running.ts'

const USAGE = `usage: npm run servers -- up|down|status [${NAMES.join('|')}...]`
const EXIT_UNAVAILABLE = 3
/** Built and downloaded programs, and where the running servers' folder is. */
export const CACHE = fileURLToPath(new URL('../.tmp/servers', import.meta.url))
const WHERE = join(CACHE, 'running')

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

export async function freshFolder(): Promise<string> {
  return await mkdtemp(join(tmpdir(), 'ensemble-servers-'))
}

async function knownFolder(): Promise<string | undefined> {
  const folder = (await readFile(WHERE, 'utf8').catch(() => '')).trim()
  return folder !== '' && (await serversIn(folder)).length > 0 ? folder : undefined
}

async function forgotten(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true })
  await rm(WHERE, { force: true })
}

/** Those that cannot be had here are told, and the others are started all the same. */
async function up(names: readonly Name[]): Promise<void> {
  await mkdir(CACHE, { recursive: true })
  const directory = (await knownFolder()) ?? (await freshFolder())
  await writeFile(WHERE, directory)
  for (const name of names) {
    try {
      await startServer(name, { cache: CACHE, directory, say: print })
    } catch (error) {
      if (!isBrokerUnavailable(error)) throw error
      print(`${name} cannot be had here: ${error.message}`)
      process.exitCode = EXIT_UNAVAILABLE
    }
  }
  const running = await serversIn(directory)
  if (running.length === 0) await forgotten(directory)
  for (const { name, settings } of running) {
    const words = Object.entries(settings).map(([variable, value]) => `${variable}=${value}`)
    if (names.includes(name)) print(`HISTORY_STORAGE=${name} ${words.join(' ')}`)
  }
}

async function down(names: readonly Name[]): Promise<void> {
  const directory = await knownFolder()
  const ended = directory === undefined ? [] : await stopServers(directory, names)
  if (directory !== undefined && (await serversIn(directory)).length === 0) await forgotten(directory)
  print(ended.length === 0 ? 'nothing runs' : `stopped ${ended.join(', ')}, the data is removed`)
}

async function status(names: readonly Name[]): Promise<void> {
  const directory = await knownFolder()
  const running = directory === undefined ? [] : await serversIn(directory)
  for (const name of names) {
    const server = running.find((one) => one.name === name)
    print(`${name}: ${server === undefined ? 'does not run' : `port ${server.port}, runs as ${server.pid}`}`)
  }
}

function namesIn(words: readonly string[]): readonly Name[] {
  if (words.length === 0) return NAMES
  return words.map((word) => {
    const name = NAMES.find((one) => one === word)
    if (name === undefined) throw new TypeError(USAGE)
    return name
  })
}

const VERBS = new Map([
  ['up', up],
  ['down', down],
  ['status', status],
])

if (import.meta.main) {
  try {
    const [verb = '', ...words] = process.argv.slice(2)
    const work = VERBS.get(verb)
    if (work === undefined) throw new TypeError(USAGE)
    await work(namesIn(words))
  } catch (error) {
    const isTold = error instanceof BrokerError || error instanceof TypeError
    process.stderr.write(`${isTold ? error.message : String(error)}\n`)
    process.exitCode = 1
  }
}
