// Owns: running the style rules over the tree and printing one line per violation. Run: `npm run tidy`.
// Does not own: the rules (scripts/tidy/), which are pure and are tested on planted violations.
// I1: the exemption list is empty by rule; what has to differ is a rule's own, stated exception.
// I2: seeing too few files is a failure, so a wrong folder or a broken ignore list never looks green.
import { checkCode } from './tidy/code.ts'
import { checkLayers } from './tidy/layers.ts'
import { checkReach } from './tidy/reach.ts'
import { parse } from './tidy/source.ts'
import type { TextFile, Violation } from './tidy/source.ts'
import { checkText } from './tidy/text.ts'
import { readTree } from './tidy/tree.ts'

const SOURCE_COUNT_MIN = 40

export function check(files: readonly TextFile[], hosts: readonly string[] = []): Violation[] {
  const sources = files.filter(({ path }) => path.endsWith('.ts')).map(parse)
  const packages = files.filter(({ path }) => /(^|\/)package\.json$/.test(path))
  return [
    ...files.flatMap((file) => checkText(file, hosts)),
    ...sources.flatMap(checkCode),
    ...sources.flatMap(checkLayers),
    ...checkReach(sources, packages),
  ].sort((a, b) => compare(a.path, b.path) || a.line - b.line || compare(a.rule, b.rule))
}

export function report(violations: readonly Violation[]): string[] {
  return violations.map(({ path, line, rule, message }) => `${path}:${line} ${rule} ${message}`)
}

export function tooFew(files: readonly TextFile[]): string | undefined {
  const count = files.filter(({ path }) => path.endsWith('.ts')).length
  return count < SOURCE_COUNT_MIN ? `saw ${count} .ts files, fewer than ${SOURCE_COUNT_MIN}` : undefined
}

function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

function registryHosts(): string[] {
  const registry = process.env['npm_config_registry']
  return registry !== undefined && URL.canParse(registry) ? [new URL(registry).host] : []
}

if (import.meta.main) {
  const files = readTree()
  const lines = report(check(files, registryHosts()))
  const few = tooFew(files)
  if (few !== undefined) lines.push(`tidy: ${few}`)
  for (const line of lines) process.stdout.write(`${line}\n`)
  process.stdout.write(`tidy: ${files.length} files, ${lines.length} violations\n`)
  process.exitCode = lines.length === 0 ? 0 : 1
}
