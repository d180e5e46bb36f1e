// Owns: the import direction, main.ts -> adapters -> runtime -> core -> nothing, as one table.
// Does not own: whether a dependency is declared (knip), cycles inside one package (oxlint).
// I1: a package without a line in the table is refused, so a new one cannot slip past the direction.
// I2: a relative import stays in its own workspace; everything else goes through a package's name and its exports.
import { isBuiltin } from 'node:module'
import { baseName, isTest, lineAt } from './source.ts'
import type { Source, Violation } from './source.ts'

interface Layer {
  /** Names after `@ensemble/`. */
  readonly ours: readonly string[] | 'any'
  readonly node: boolean | readonly string[]
  readonly others: readonly string[] | 'any'
}

const ADAPTERS = ['postgres', 'kafka', 'memory']

const LAYERS: Readonly<Record<string, Layer>> = {
  'packages/core': { ours: [], node: false, others: [] },
  'packages/runtime': { ours: ['core'], node: ['node:crypto', 'node:diagnostics_channel'], others: [] },
  'packages/memory': { ours: ['core', 'runtime'], node: true, others: 'any' },
  'packages/postgres': { ours: ['core', 'runtime'], node: true, others: 'any' },
  'packages/kafka': { ours: ['core', 'runtime'], node: true, others: 'any' },
  'packages/testing': { ours: ['core', 'runtime', 'memory'], node: true, others: ['vitest'] },
  'packages/simulator': { ours: ['core', 'runtime', 'memory', 'testing'], node: true, others: [] },
  'packages/http': { ours: ['core', 'runtime'], node: true, others: 'any' },
  'packages/service': { ours: ['core', 'runtime', 'http', 'postgres', 'kafka'], node: true, others: 'any' },
  'packages/console': { ours: ['core', 'runtime', 'http'], node: true, others: 'any' },
  'packages/cli': { ours: ['core', 'runtime', 'postgres', 'kafka'], node: true, others: 'any' },
  'services/contracts': { ours: ['core'], node: false, others: ['zod'] },
}

const SERVICE_OURS = ['core', 'runtime', 'http', 'service', 'service-contracts']
const ANYTHING: Layer = { ours: 'any', node: true, others: 'any' }

/** The folder a relative import must not leave; everything outside the workspaces counts as one. */
function zoneOf(path: string): string {
  const [top = '', name = ''] = path.split('/')
  if (top === 'packages' || top === 'services' || top === 'apps') return `${top}/${name}`
  return top === 'examples' ? 'examples' : 'root'
}

export function resolveFrom(path: string, specifier: string): string {
  const parts = path.split('/').slice(0, -1)
  for (const part of specifier.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '.') parts.push(part)
  }
  return parts.join('/')
}

export function checkLayers(source: Source): Violation[] {
  const { path } = source
  const zone = zoneOf(path)
  if (zone.startsWith('packages/') && LAYERS[zone] === undefined) {
    return [{ path, line: 1, rule: 'layer', message: `${zone} has no line in the table of layers` }]
  }
  return source.references.flatMap(({ specifier, offset }) => {
    const message = specifier.startsWith('.') ? leaving(path, specifier) : refusal(path, specifier)
    return message === undefined ? [] : [{ path, line: lineAt(source, offset), rule: 'layer', message }]
  })
}

function leaving(path: string, specifier: string): string | undefined {
  const zone = zoneOf(path)
  if (zoneOf(resolveFrom(path, specifier)) === zone) return undefined
  return `'${specifier}' leaves ${zone}: import the other package by its name`
}

function refusal(path: string, specifier: string): string | undefined {
  const zone = zoneOf(path)
  const layer = layerOf(path)
  if (isBuiltin(specifier)) {
    const { node } = layer
    const isAllowed = typeof node === 'boolean' ? node : node.includes(specifier)
    return isAllowed ? undefined : `${zone} must not import '${specifier}'`
  }
  const name = packageName(specifier)
  if (!name.startsWith('@ensemble/')) {
    return allows(layer.others, name) ? undefined : `${zone} must not import the package '${name}'`
  }
  const ours = name.slice('@ensemble/'.length)
  if (isForeignService(zone, ours)) return `no service imports another service: '${name}'`
  if (zone === 'examples' && isPrivate(ours)) return `examples import public packages only, not '${name}'`
  if (allows(layer.ours, ours)) return undefined
  const where = zone.startsWith('services/') && ADAPTERS.includes(ours) ? ' outside main.ts' : ''
  return `${zone} must not import '${name}'${where}`
}

function layerOf(path: string): Layer {
  const zone = zoneOf(path)
  if (isTest(path)) return ANYTHING
  const layer = LAYERS[zone]
  if (layer !== undefined) return layer
  if (!zone.startsWith('services/')) return ANYTHING
  return { ours: [...SERVICE_OURS, ...adaptersFor(path)], node: true, others: 'any' }
}

// A store speaks SQL, so it may name the database; only main.ts chooses the bus.
function adaptersFor(path: string): readonly string[] {
  if (baseName(path) === 'main.ts') return ADAPTERS
  return path.endsWith('-store.ts') || path.includes('/sql/') ? ['postgres'] : []
}

function isForeignService(zone: string, ours: string): boolean {
  if (!zone.startsWith('services/') || !ours.startsWith('service-')) return false
  return ours !== 'service-contracts' && `services/${ours.slice('service-'.length)}` !== zone
}

function isPrivate(ours: string): boolean {
  return LAYERS[`packages/${ours}`] === undefined
}

function packageName(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
}

function allows(list: readonly string[] | 'any', name: string): boolean {
  return list === 'any' || list.includes(name)
}
