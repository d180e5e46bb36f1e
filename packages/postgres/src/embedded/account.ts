/**
 * Owns the operating system user that the server runs as, and what that user may read.
 * I1: PostgreSQL refuses to run as root, so root starts it as another user; anybody else starts it as himself.
 */
import { execFile } from 'node:child_process'
import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { EmbeddedError } from './errors.ts'

const run = promisify(execFile)

export interface Account {
  readonly name: string
  readonly uid: number
  readonly gid: number
}

/** Debian and Red Hat, then Alpine. */
const CREATE_COMMANDS = (name: string): readonly (readonly [string, readonly string[]])[] => [
  ['useradd', ['--system', '--user-group', '--no-create-home', '--shell', '/bin/false', name]],
  ['adduser', ['-S', '-D', '-H', '-s', '/bin/false', name]],
]

/** Nothing when the server can run as the current user. */
export async function serverAccount(name: string): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined
  const known = await lookUp(name)
  if (known !== undefined) return known
  for (const [command, args] of CREATE_COMMANDS(name)) {
    await run(command, args).catch(() => undefined)
    const created = await lookUp(name)
    if (created !== undefined) return created
  }
  const fix = `create it ("useradd --system ${name}") or start this program as another user than root`
  throw new EmbeddedError(
    'NO_ACCOUNT',
    `root cannot run PostgreSQL and the user "${name}" could not be created: ${fix}`,
  )
}

async function lookUp(name: string): Promise<Account | undefined> {
  try {
    const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])])
    return { name, uid: Number(uid.stdout), gid: Number(gid.stdout) }
  } catch {
    return undefined
  }
}

/** The first folder on the way to `path`, or `path` itself, that the account cannot enter. */
export async function firstClosedFolder(path: string, account: Account): Promise<string | undefined> {
  const folders: string[] = []
  for (let folder = path; ; folder = dirname(folder)) {
    folders.unshift(folder)
    if (folder === dirname(folder)) break
  }
  for (const folder of folders) {
    const { mode, uid, gid } = await stat(folder)
    const shift = uid === account.uid ? 6 : gid === account.gid ? 3 : 0
    if (((mode >> shift) & 1) === 0) return folder
  }
  return undefined
}
