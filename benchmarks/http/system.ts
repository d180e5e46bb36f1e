// Owns: the whole system as `npm start` runs it, in a process of its own, on a PostgreSQL server of our own.
// I1: the process hears of nothing but its server: settings of the person who measures do not reach it.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { openDatabase, sqlFile, startEmbedded, type Database } from '@ensemble/postgres'
import type { Settings } from '../measure/durable-problems.ts'
import { settingsOfPostgres } from '../measure/durable.ts'

export interface WholeSystem {
  /** Of the gateway. */
  readonly url: string
  readonly pid: number
  readonly postgresPid: number
  /** In the database of all services, as the server's administrator. */
  readonly admin: Database
  readonly durable: Settings
  /** Counts of orders by state, and the sums of the ledger. */
  check(): Promise<Readonly<Record<string, number>>>
  stop(): Promise<void>
}

const PROGRAM = fileURLToPath(new URL('../../apps/all-in-one/main.ts', import.meta.url))
const CHECK = sqlFile(new URL('./sql/check.sql', import.meta.url))
const DATABASE = 'ensemble'

export async function startWholeSystem(pattern: string, say: (line: string) => void): Promise<WholeSystem> {
  await using stack = new AsyncDisposableStack()
  const directory = join(tmpdir(), `ensemble-bench-http-${process.pid}`)
  stack.defer(() => rm(directory, { recursive: true, force: true }))
  say('starting a PostgreSQL server with durable settings')
  const server = await startEmbedded({ directory })
  stack.defer(() => server.stop())
  const { url, pid, stop } = await startProgram({ DATABASE_URL: server.adminUrl, SAGA_PATTERN: pattern }, say)
  stack.defer(stop)
  const admin = await openDatabase({ name: 'check', url: server.url(DATABASE) })
  stack.defer(() => admin.close())
  const durable = await settingsOfPostgres(admin)
  const owned = stack.move()
  return {
    url,
    pid,
    postgresPid: server.pid,
    admin,
    durable,
    check: async () => {
      const { rows } = await admin.query(CHECK)
      return Object.fromEntries(Object.entries(rows[0] ?? {}).map(([name, value]) => [name, Number(value)]))
    },
    stop: () => owned.disposeAsync(),
  }
}

interface Program {
  readonly url: string
  readonly pid: number
  readonly stop: () => Promise<void>
}

async function startProgram(
  settings: Readonly<Record<string, string>>,
  say: (line: string) => void,
): Promise<Program> {
  const { PATH, HOME } = process.env
  const child = spawn(process.execPath, [PROGRAM], {
    env: { PATH, HOME, HOST: '127.0.0.1', PORT: '0', ...settings },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  const ready = Promise.withResolvers<string>()
  void ended.then(() => ready.reject(new Error('the system ended before it was ready')))
  createInterface({ input: child.stdout }).on('line', (line) => {
    say(line)
    const url = /^ready: (\S+)/.exec(line)?.[1]
    if (url !== undefined) ready.resolve(url)
  })
  return {
    url: await ready.promise,
    pid: child.pid ?? 0,
    stop: async () => {
      child.kill('SIGTERM')
      await ended
    },
  }
}
