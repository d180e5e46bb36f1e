// Owns: `npm run deploycheck`: the deployment's files against the official schemas and linters, and then our own rules
// against what these make of the files. Does not own the rules (scripts/deploy/), which a pure test runs too.
// I1: what could not be had is said, each by its name, and on the last line.
// Exit codes: 0 nothing found, 1 problems.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseAllDocuments } from 'yaml'
import { composeProblems } from './deploy/compose.ts'
import { manifestProblems } from './deploy/manifests.ts'
import { schemasOf } from './deploy/schemas.ts'
import { ask, CACHE, haveSwagger, haveTool, KUBERNETES_VERSION, TOOLS } from './deploy/tools.ts'

const DEPLOY = fileURLToPath(new URL('../deploy', import.meta.url))
const CHART = join(DEPLOY, 'helm/ensemble')
const VALUES = join(DEPLOY, 'helm/values.example.yaml')
/** The files of each variant, as they are given to `docker compose`. */
const VARIANTS = [
  ['compose.yaml'],
  ...['postgres', 'mongo', 'elasticsearch', 'tracing'].map((name) => [
    'compose.yaml',
    `compose.${name}.yaml`,
  ]),
]

/** Problems, or undefined when what the check needs is not to be had. */
type Check = () => Promise<readonly string[] | undefined>

async function dockerfile(): Promise<readonly string[] | undefined> {
  const hadolint = await haveTool(TOOLS.hadolint)
  if (hadolint === undefined) return undefined
  const { isGreen, output } = await ask(hadolint, ['Dockerfile'], DEPLOY)
  return isGreen ? [] : linesOf(output)
}

/** Without values for `${…}`: they are secret, and the pure test says that the example has each. */
function compose(files: readonly string[]): Check {
  return async () => {
    const tool = await haveTool(TOOLS.compose)
    if (tool === undefined) return undefined
    const { isGreen, output } = await ask(tool, ['-no-interpolation', '-format', 'json', ...files], DEPLOY)
    return isGreen ? composeProblems(JSON.parse(output)) : linesOf(output)
  }
}

async function helm(): Promise<readonly string[] | undefined> {
  const tool = await haveTool(TOOLS.helm)
  if (tool === undefined) return undefined
  const { isGreen, output } = await ask(tool, ['lint', CHART, '--strict', '--values', VALUES])
  if (!isGreen) return linesOf(output)
  const rendered = await render(tool)
  return rendered.isGreen ? manifestProblems(manifestsOf(rendered.output)) : linesOf(rendered.output)
}

async function kubernetes(): Promise<readonly string[] | undefined> {
  const tool = await haveTool(TOOLS.helm)
  const kubeconform = await haveTool(TOOLS.kubeconform)
  const swagger = await haveSwagger()
  if (tool === undefined || kubeconform === undefined || swagger === undefined) return undefined
  const { isGreen, output } = await render(tool)
  if (!isGreen) return linesOf(output)
  const schemas = join(CACHE, `schemas-${KUBERNETES_VERSION}`)
  mkdirSync(schemas, { recursive: true })
  const kinds = manifestsOf(output).map(({ kind }) => kind)
  for (const [file, schema] of Object.entries(schemasOf(swagger, kinds)))
    writeFileSync(join(schemas, `${file}.json`), JSON.stringify(schema))
  const rendered = join(CACHE, 'rendered.yaml')
  writeFileSync(rendered, output)
  const location = join(schemas, '{{ .ResourceKind }}{{ .KindSuffix }}.json')
  const verdict = await ask(kubeconform, ['-strict', '-schema-location', location, rendered])
  return verdict.isGreen ? [] : linesOf(verdict.output)
}

async function render(helm: string): ReturnType<typeof ask> {
  return await ask(helm, [
    'template',
    'check',
    CHART,
    '--kube-version',
    KUBERNETES_VERSION,
    '--values',
    VALUES,
  ])
}

function manifestsOf(text: string): readonly { readonly kind: string }[] {
  const documents = parseAllDocuments(text).map((one) => one.toJS() as { readonly kind: string } | null)
  return documents.filter((one) => one !== null)
}

function linesOf(output: string): readonly string[] {
  const lines = output.split('\n').filter((line) => line.trim() !== '')
  return lines.length === 0 ? ['failed without a word'] : lines
}

const CHECKS: readonly (readonly [name: string, check: Check])[] = [
  ['Dockerfile: hadolint', dockerfile],
  ...VARIANTS.map((files) => [`${files.join(' + ')}: Compose Specification, rules`, compose(files)] as const),
  ['chart: helm lint, helm template, rules', helm],
  [`rendered chart: schemas of Kubernetes ${KUBERNETES_VERSION}`, kubernetes],
]

const unasked: string[] = []
let found = 0
for (const [name, check] of CHECKS) {
  const problems = await check()
  if (problems === undefined) unasked.push(name)
  else found += problems.length
  const word = problems === undefined ? '-- ' : problems.length === 0 ? 'ok ' : 'RED'
  console.log(`${word} ${name}${problems === undefined ? ': not to be had here' : ''}`)
  for (const problem of problems ?? []) console.log(`    ${problem}`)
}
const rest = unasked.length === 0 ? '' : `; not checked: ${unasked.join('; ')}`
console.log(`deploycheck: ${found} problems${rest}`)
process.exitCode = found === 0 ? 0 : 1
