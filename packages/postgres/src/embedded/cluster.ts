/**
 * Owns the files of one embedded server: folders, password, `initdb`. Does not own the running process.
 * I1: a data directory is whole or absent: it is made under another name and renamed.
 * Layout: `data/` the cluster, `password` the superuser's (0600), `port` the last one, `server.log`, `owner.json`.
 */
import { execFile } from 'node:child_process'
import { chmod, chown, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { randomText } from '../database/clock.ts'
import { firstClosedFolder } from './account.ts'
import type { Account } from './account.ts'
import type { Binaries } from './binaries.ts'
import { EmbeddedError } from './errors.ts'

const run = promisify(execFile)

export const SUPERUSER = 'postgres'
const PASSWORD_BYTES = 24

export interface Cluster {
  readonly directory: string
  readonly data: string
  readonly log: string
  readonly password: string
}

/** The account must pass through folders that we make, so they are opened for passing (not for listing). */
export async function makeDirectory(path: string, account: Account | undefined): Promise<string> {
  const directory = resolve(path)
  const first = await mkdir(directory, { recursive: true }).catch(reportObstacle(directory))
  if (account === undefined) return directory
  for (let folder = directory; first !== undefined; folder = dirname(folder)) {
    await chmod(folder, 0o711)
    if (folder === first) break
  }
  const closed = await firstClosedFolder(directory, account)
  if (closed === undefined) return directory
  const fix = `"chmod o+x ${closed}", or choose a directory elsewhere`
  const message = `the user "${account.name}", as whom PostgreSQL runs, cannot enter ${closed}: ${fix}`
  throw new EmbeddedError('DIRECTORY_NOT_READABLE', message)
}

function reportObstacle(directory: string): (error: NodeJS.ErrnoException) => never {
  return (error) => {
    if (error.code !== 'EEXIST' && error.code !== 'ENOTDIR') throw error
    const fix = 'move that file away, or choose another directory'
    const message = `the database directory ${directory} cannot be made, a file is in its place: ${fix}`
    throw new EmbeddedError('NOT_A_DIRECTORY', message, error)
  }
}

interface Making {
  readonly binaries: Binaries
  readonly account: Account | undefined
  readonly isDurable: boolean
}

export async function prepareCluster(directory: string, making: Making): Promise<Cluster> {
  const { account } = making
  const data = join(directory, 'data')
  const log = join(directory, 'server.log')
  const existing = await stat(join(data, 'PG_VERSION')).catch(reportClosed(directory))
  const password =
    existing === undefined ? await initialise(directory, making) : await readPassword(directory)
  if (account !== undefined) await giveTo(data, account)
  await writeFile(log, '', { flag: 'a', mode: 0o600 })
  return { directory, data, log, password }
}

function reportClosed(directory: string): (error: NodeJS.ErrnoException) => undefined {
  return (error) => {
    if (error.code !== 'EACCES' && error.code !== 'EPERM') return undefined
    const fix = 'start as the user who made it, give it to this user (chown -R), or choose another directory'
    throw new EmbeddedError(
      'DIRECTORY_NOT_READABLE',
      `the database directory ${directory} belongs to another user: ${fix}`,
    )
  }
}

async function readPassword(directory: string): Promise<string> {
  const path = join(directory, 'password')
  try {
    return (await readFile(path, 'utf8')).trim()
  } catch (error) {
    const message = `${path} cannot be read: restore it, or move ${directory} away to begin with an empty database`
    throw new EmbeddedError('DIRECTORY_NOT_READABLE', message, error)
  }
}

async function initialise(directory: string, making: Making): Promise<string> {
  const { binaries, account, isDurable } = making
  for (const name of await readdir(directory)) {
    if (name.startsWith('data.')) await rm(join(directory, name), { recursive: true, force: true })
  }
  const password = randomText(PASSWORD_BYTES)
  await rm(join(directory, 'password'), { force: true })
  await writeFile(join(directory, 'password'), `${password}\n`, { mode: 0o600 })
  const fresh = join(directory, `data.${randomText(4)}`)
  const secret = `${fresh}.password`
  await mkdir(fresh, { mode: 0o700 })
  await writeFile(secret, `${password}\n`, { mode: 0o600 })
  if (account !== undefined) {
    await chown(fresh, account.uid, account.gid)
    await chown(secret, account.uid, account.gid)
  }
  const args = [
    `--pgdata=${fresh}`,
    `--username=${SUPERUSER}`,
    `--pwfile=${secret}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    // Byte order everywhere, but upper and lower case of all of Unicode.
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    ...(isDurable ? [] : ['--no-sync']),
  ]
  try {
    await run(binaries.initdb, args, { cwd: directory, env: serverEnvironment(), ...identity(account) })
  } catch (error) {
    await rm(fresh, { recursive: true, force: true })
    const reason = error instanceof Error ? error.message : String(error)
    throw new EmbeddedError('START_FAILED', `initdb failed in ${directory}: ${reason}`, error)
  } finally {
    await rm(secret, { force: true })
  }
  await rm(join(directory, 'data'), { recursive: true, force: true })
  await rename(fresh, join(directory, 'data'))
  return password
}

/** After a move or a restore as root the files are root's. */
async function giveTo(data: string, account: Account): Promise<void> {
  if ((await stat(data)).uid === account.uid) return
  await run('chown', ['-R', `${account.uid}:${account.gid}`, data])
}

export function identity(account: Account | undefined): { uid?: number; gid?: number } {
  return account === undefined ? {} : { uid: account.uid, gid: account.gid }
}

const MIB = 1_048_576

/**
 * Read by glibc. By itself it gives memory back after each statement and asks for it again with the next: new pages,
 * which the kernel clears, were a tenth of the server's time.
 */
const KEEP_MEMORY = {
  MALLOC_TRIM_THRESHOLD_: String(64 * MIB),
  MALLOC_MMAP_THRESHOLD_: String(32 * MIB),
  MALLOC_TOP_PAD_: String(MIB),
}

/** PG* variables of the caller are meant for clients and would change the server. */
export function serverEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('PG'))
  return { ...KEEP_MEMORY, ...Object.fromEntries(kept), LC_ALL: 'C', LANG: 'C', TZ: 'UTC' }
}
