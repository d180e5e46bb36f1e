// Owns: what other engines need: their packages and those of their servers that have to be built, at the first use,
// into this folder; and who cannot take part here.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CONTENDER_NAMES, isPeer, type Contender } from './contenders.ts'
import { buildServer, DTM, TEMPORAL, type GoServer } from './go.ts'

const FOLDER = fileURLToPath(new URL('.', import.meta.url))
const LOCKFILE = join(FOLDER, 'package-lock.json')
/** The lockfile that was installed last. */
const MARK = join(FOLDER, 'node_modules', '.installed-lock.json')
const GO_SERVERS: Readonly<Partial<Record<Contender, GoServer>>> = { temporal: TEMPORAL, dtm: DTM }

/** Those of them who take part here; of others it is said why not. Errors: npm's, when it has no way to a registry. */
export async function installPeers(
  wanted: readonly Contender[],
  say: (line: string) => void,
): Promise<readonly Contender[]> {
  if (wanted.some(isPeer)) await installPackages(say)
  const present: Contender[] = []
  for (const contender of wanted) {
    const server = GO_SERVERS[contender]
    const problem = server && (await buildServer(server, say))
    if (problem === undefined) present.push(contender)
    else say(`${CONTENDER_NAMES[contender]} takes no part: ${problem}`)
  }
  return present
}

async function installPackages(say: (line: string) => void): Promise<void> {
  const lock = await readFile(LOCKFILE, 'utf8')
  if (lock === (await readFile(MARK, 'utf8').catch(() => undefined))) return
  say('installing the packages of other engines (once, some 500 MB)')
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
