// Owns: the dead-file rule: every .ts file is reached from an entry. Does not own: dead exports (knip).
// I1: entries are what package.json files export or start, and what a tool or a person starts by name.
import { resolveFrom } from './layers.ts'
import type { Source, TextFile, Violation } from './source.ts'

const ENTRY_PATTERNS = [
  /(^|\/)main\.ts$/,
  /\.test\.ts$/,
  /\.config\.ts$/,
  /\.d\.ts$/,
  /^(scripts|benchmarks|simulations)\/[^/]+\.ts$/,
  /^examples\/([^/]+\/)?[^/]+\.ts$/,
]

export function checkReach(sources: readonly Source[], packages: readonly TextFile[]): Violation[] {
  const byPath = new Map(sources.map((source) => [source.path, source]))
  const exported = new Set(packages.flatMap(exportsOf))
  const reached = new Set<string>()
  const queue = sources.filter(({ path }) => exported.has(path) || isStarted(path))
  for (let source = queue.pop(); source !== undefined; source = queue.pop()) {
    if (reached.has(source.path)) continue
    reached.add(source.path)
    for (const target of targetsOf(source)) {
      const next = byPath.get(target)
      if (next !== undefined) queue.push(next)
    }
  }
  return sources
    .filter(({ path }) => !reached.has(path))
    .map(({ path }) => ({
      path,
      line: 1,
      rule: 'dead-file',
      message: 'nothing that starts imports this file',
    }))
}

function isStarted(path: string): boolean {
  return ENTRY_PATTERNS.some((pattern) => pattern.test(path))
}

// A worker or a child process names its file in a string, relative to the file or to the root.
function targetsOf(source: Source): string[] {
  const named = source.literals.filter((literal) => literal.endsWith('.ts'))
  return named.flatMap((literal) => [resolveFrom(source.path, literal), resolveFrom('', literal)])
}

function exportsOf(file: TextFile): string[] {
  const manifest: unknown = JSON.parse(file.text)
  if (typeof manifest !== 'object' || manifest === null) return []
  const fields = new Map<string, unknown>(Object.entries(manifest))
  const targets = ['main', 'exports', 'bin'].flatMap((name) => strings(fields.get(name)))
  return targets.map((target) => resolveFrom(file.path, target))
}

function strings(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(strings) : []
}
