// Owns: servers of other engines that are Go programs: each is built once, from its module at a fixed version, into a
// folder here. Go's checksum database vouches for what is downloaded.
// I1: the program comes last: when it is there, so is all that it needs.
import { execFile } from 'node:child_process'
import { access, copyFile, mkdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

export interface GoServer {
  readonly module: string
  readonly version: string
  /** Its main package, in the module. */
  readonly main: string
  /** What it needs beside itself, in the module. */
  readonly files: readonly string[]
}

export const TEMPORAL: GoServer = {
  module: 'github.com/temporalio/cli',
  version: 'v1.5.1',
  main: './cmd/temporal',
  files: [],
}
export const DTM: GoServer = {
  module: 'github.com/dtm-labs/dtm',
  version: 'v1.19.0',
  main: '.',
  files: ['sqls/dtmsvr.storage.postgres.sql'],
}

const FOLDER = fileURLToPath(new URL('.go/', import.meta.url))
const OUTPUT_BYTES_MAX = 2 ** 24

/** Of its program, or of a file that it needs. */
export function pathIn({ module, version }: GoServer, name = 'server'): string {
  return join(FOLDER, `${module.replaceAll('/', '-')}-${version}`, basename(name))
}

/** Why it can not be had here; undefined when it is there. */
export async function buildServer(
  server: GoServer,
  say: (line: string) => void,
): Promise<string | undefined> {
  const program = pathIn(server)
  if (await isThere(program)) return undefined
  if (!(await isThereGo())) return 'its server is built with Go, and there is no `go` on the PATH'
  const { module, version, main, files } = server
  say(`building ${module}@${version} (once, some minutes)`)
  try {
    const { Dir: source } = JSON.parse(await go('mod', 'download', '-json', `${module}@${version}`)) as {
      readonly Dir: string
    }
    await mkdir(dirname(program), { recursive: true })
    for (const file of files) await copyFile(join(source, file), pathIn(server, file))
    // In the module's own folder, with the versions that it names; `go install` would ask for more than this version.
    await go('build', '-C', source, '-buildvcs=false', '-o', program, main)
    return undefined
  } catch (error) {
    return `its server could not be built: ${error instanceof Error ? error.message : String(error)}`
  }
}

async function isThereGo(): Promise<boolean> {
  return await go('version').then(
    () => true,
    () => false,
  )
}

async function go(...args: readonly string[]): Promise<string> {
  const options = { env: { ...process.env, GOWORK: 'off' }, maxBuffer: OUTPUT_BYTES_MAX }
  return (await promisify(execFile)('go', args, options)).stdout
}

async function isThere(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  )
}
