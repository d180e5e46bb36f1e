// Owns: which servers of storages there are, how each is started, and the settings by which history finds it.
// I1: everything listens on loopback only; the data of each is in its own folder, whose path is in its command line.
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { BrokerError, freePorts } from '@ensemble/kafka/broker'
import { ferretProgram, openSearchJars, s3Program, type Say } from './programs.ts'

export const NAMES = ['mongo', 'opensearch', 'elasticsearch', 's3'] as const
export type Name = (typeof NAMES)[number]

export interface Launch {
  readonly command: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly port: number
  /** Asked until it answers well; a server without one is ready when it listens. */
  readonly url?: string
  /** For whoever uses it. */
  readonly settings: Readonly<Record<string, string>>
}

export interface Wanted {
  readonly cache: string
  /** Of this server alone; it is there. */
  readonly directory: string
  /** The server behind, of one that is only a front. */
  readonly behind: number
  readonly say: Say
}

interface Kind {
  /** The one that must run before it. */
  readonly needs?: Name
  /** Errors: BrokerError when it cannot be had here. */
  readonly prepare: (wanted: Wanted) => Promise<Launch>
}

const HOST = '127.0.0.1'
const FRONT = fileURLToPath(new URL('./elastic-front.ts', import.meta.url))
const JAVA_OPTIONS = ['-Xms384m', '-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1']
/** What the runner of OpenSearch takes: the port after a number that it is given, 9299 at most. */
const SEARCH_PORT_MIN = 9_201
const SEARCH_PORT_MAX = 9_299
const BUCKET = 'history'
const S3_KEYS = { access: 'ensemble', secret: 'ensemble-of-loopback' }

export const KINDS: Readonly<Record<Name, Kind>> = {
  mongo: {
    prepare: async ({ cache, directory, say }) => {
      const command = await ferretProgram(cache, say)
      const port = await freePort()
      const settings = { HISTORY_MONGO_URL: `mongodb://${HOST}:${port}` }
      return { command, args: [`${HOST}:${port}`, directory], port, settings }
    },
  },
  opensearch: {
    prepare: async ({ cache, directory, say }) => {
      const jars = await openSearchJars(cache, say)
      const port = await freeSearchPort()
      const runner = 'org.codelibs.opensearch.runner.OpenSearchRunner'
      const numbers = ['-numOfNode', '1', '-baseHttpPort', String(port - 1)]
      const url = `http://${HOST}:${port}`
      return {
        command: 'java',
        args: [...JAVA_OPTIONS, '-cp', join(jars, '*'), runner, '-basePath', directory, ...numbers],
        port,
        url,
        settings: { HISTORY_OPENSEARCH_URL: url },
      }
    },
  },
  elasticsearch: {
    needs: 'opensearch',
    prepare: async ({ directory, behind }) => {
      const port = await freePort()
      const url = `http://${HOST}:${port}`
      const args = [FRONT, String(port), String(behind), directory]
      return { command: process.execPath, args, port, url, settings: { HISTORY_ELASTICSEARCH_URL: url } }
    },
  },
  s3: {
    prepare: async ({ cache, directory, say }) => {
      const command = await s3Program(cache, say)
      const port = await freePort()
      // A bucket is a folder.
      await mkdir(join(directory, BUCKET))
      return {
        command,
        args: ['--port', `${HOST}:${port}`, 'posix', directory],
        env: { ROOT_ACCESS_KEY: S3_KEYS.access, ROOT_SECRET_KEY: S3_KEYS.secret },
        port,
        settings: {
          HISTORY_S3_ENDPOINT: `http://${HOST}:${port}`,
          HISTORY_S3_BUCKET: BUCKET,
          HISTORY_S3_ACCESS_KEY: S3_KEYS.access,
          HISTORY_S3_SECRET_KEY: S3_KEYS.secret,
        },
      }
    },
  },
}

async function freePort(): Promise<number> {
  const [port = 0] = await freePorts(1)
  return port
}

async function freeSearchPort(): Promise<number> {
  for (let port = SEARCH_PORT_MIN; port <= SEARCH_PORT_MAX; port += 1) if (await isFree(port)) return port
  throw new BrokerError('START_FAILED', `no port from ${SEARCH_PORT_MIN} to ${SEARCH_PORT_MAX} is free`)
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  try {
    server.listen(port, HOST)
    await once(server, 'listening')
  } catch {
    return false
  }
  server.close()
  await once(server, 'close')
  return true
}
