// Owns: the packages of other engines: installed at the first use, into this folder, by its own lockfile.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const FOLDER = fileURLToPath(new URL('.', import.meta.url))
const LOCKFILE = join(FOLDER, 'package-lock.json')
/** The lockfile that was installed last. */
const MARK = join(FOLDER, 'node_modules', '.installed-lock.json')

/** Errors: npm's, when it has no way to a registry. */
export async function installPeers(say: (line: string) => void): Promise<void> {
  const lock = await readFile(LOCKFILE, 'utf8')
  if (lock === (await readFile(MARK, 'utf8').catch(() => undefined))) return
  say('installing the packages of other engines (once, some 240 MB)')
  const npm = spawn('npm', ['ci', '--ignore-scripts'], {
    cwd: FOLDER,
    // A package of theirs reports installations unless told not to.
    env: { ...process.env, SCARF_ANALYTICS: 'false' },
    stdio: ['ignore', 2, 2],
  })
  const [code] = (await once(npm, 'exit')) as [number | null]
  if (code !== 0) throw new Error(`npm ci in ${FOLDER} ended with ${String(code)}`)
  await writeFile(MARK, lock)
}
