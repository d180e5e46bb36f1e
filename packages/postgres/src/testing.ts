/**
 * Owns one throw-away server per test run and one empty database per test file. For tests only.
 * I1: whoever asks first starts the keeper, a process of its own, which ends the server when the test run has ended.
 * With ENSEMBLE_TEST_DATABASE_URL set, databases are made on that server instead.
 */
import { spawn } from 'node:child_process'
import { mkdir, open, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isMainThread } from 'node:worker_threads'
import { parseFields, versionOf, withClient } from './database/client.ts'
import { randomText, systemClock } from './database/clock.ts'
import { quoteName } from './database/settings.ts'
import { profileOf } from './profile.ts'

export interface TestServer {
  readonly adminUrl: string
}

export interface TestDatabase {
  readonly name: string
  readonly url: string
  readonly drop: () => Promise<void>
}

const START_MS_MAX = 60_000
const POLL_MS = 25

/** The process that the whole run belongs to: test workers are its children or its threads. */
function runPid(): number {
  return isMainThread ? process.ppid : process.pid
}

let shared: Promise<TestServer> | undefined

export function testServer(): Promise<TestServer> {
  shared ??= findOrStart()
  return shared
}

async function findOrStart(): Promise<TestServer> {
  const given = process.env['ENSEMBLE_TEST_DATABASE_URL']
  if (given !== undefined && given !== '') return { adminUrl: given }
  const pid = runPid()
  const directory = join(tmpdir(), `ensemble-test-${process.getuid?.() ?? 0}-${pid}`)
  await mkdir(directory, { recursive: true })
  const isFirst = await open(join(directory, 'keeper'), 'wx').then(
    (file) => file.close().then(() => true),
    () => false,
  )
  if (isFirst) startKeeper(pid, directory)
  const end = systemClock.now() + START_MS_MAX
  while (systemClock.now() < end) {
    const text = await readFile(join(directory, 'ready.json'), 'utf8').catch(() => undefined)
    const { error, adminUrl } = text === undefined ? {} : parseFields(text)
    if (typeof error === 'string') throw new Error(`the test server did not start: ${error}`)
    if (typeof adminUrl === 'string') return { adminUrl }
    await systemClock.sleep(POLL_MS)
  }
  throw new Error(`no test server after ${START_MS_MAX} ms in ${directory}`)
}

function startKeeper(pid: number, directory: string): void {
  const keeper = fileURLToPath(new URL('./testing-keeper.ts', import.meta.url))
  const child = spawn(process.execPath, [keeper, String(pid), directory], { detached: true, stdio: 'ignore' })
  child.unref()
}

/** An empty database; `name` shows in its own, for people who look. On the run's own server unless one is given. */
export async function freshDatabase(name: string, givenUrl?: string): Promise<TestDatabase> {
  const adminUrl = givenUrl ?? (await testServer()).adminUrl
  const database = `${name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .slice(0, 40)}_${randomText(4)}`
  await asAdmin(adminUrl, `create database ${quoteName(database)}`)
  const url = new URL(adminUrl)
  url.pathname = `/${database}`
  return {
    name: database,
    url: url.href,
    drop: () => dropDatabase(adminUrl, database),
  }
}

/** PostgreSQL has to be forced while somebody is connected; CockroachDB has no such word. */
async function dropDatabase(adminUrl: string, database: string): Promise<void> {
  await withClient({ connectionString: adminUrl }, async (client) => {
    const { canMigrateInTransaction: isForced } = profileOf(await versionOf(client))
    const how = isForced ? 'with (force)' : 'cascade'
    await client.query(`drop database if exists ${quoteName(database)} ${how}`)
  })
}

async function asAdmin(adminUrl: string, ddl: string): Promise<void> {
  await withClient({ connectionString: adminUrl }, (client) => client.query(ddl))
}
