// Owns: turning one file's text into what the rules read: syntax tree, comments, references, line numbers.
// Does not own: any rule, any reading from disk.
import { parseSync, visitorKeys } from 'oxc-parser'
import type { Comment, EcmaScriptModule, Node, Program } from 'oxc-parser'

export interface TextFile {
  readonly path: string
  readonly text: string
}

export interface Violation {
  readonly path: string
  readonly line: number
  readonly rule: string
  readonly message: string
}

/** A module specifier as written, static, dynamic or type-only. */
interface Reference {
  readonly specifier: string
  readonly offset: number
}

export interface Source extends TextFile {
  readonly program: Program
  readonly module: EcmaScriptModule
  readonly comments: readonly Comment[]
  readonly errors: readonly string[]
  readonly references: readonly Reference[]
  /** Every string literal, because workers and child processes name their files that way. */
  readonly literals: readonly string[]
  readonly lineStarts: readonly number[]
}

export type Visit = (node: Node, ancestors: readonly Node[]) => void

export function walk(root: Node, visit: Visit): void {
  descend(root, [], visit)
}

function descend(node: Node, ancestors: Node[], visit: Visit): void {
  visit(node, ancestors)
  ancestors.push(node)
  for (const child of childrenOf(node)) descend(child, ancestors, visit)
  ancestors.pop()
}

function childrenOf(node: Node): Node[] {
  const fields = new Map<string, unknown>(Object.entries(node))
  return (visitorKeys[node.type] ?? []).flatMap((key) => {
    const value = fields.get(key)
    return (Array.isArray(value) ? value : [value]).filter(isNode)
  })
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value
}

export function parse(file: TextFile): Source {
  const parsed = parseSync(file.path, file.text)
  const { program, module, comments } = parsed
  const references: Reference[] = []
  const literals: string[] = []
  walk(program, (node) => {
    if (node.type === 'Literal' && typeof node.value === 'string') literals.push(node.value)
    const request = requestOf(node)
    if (request?.type === 'Literal' && typeof request.value === 'string') {
      references.push({ specifier: request.value, offset: request.start })
    }
  })
  const errors = parsed.errors.map((error) => error.message)
  return { ...file, program, module, comments, errors, references, literals, lineStarts: startsOf(file.text) }
}

function requestOf(node: Node): Node | null {
  switch (node.type) {
    case 'ImportDeclaration':
    case 'ImportExpression':
    case 'ExportNamedDeclaration':
    case 'ExportAllDeclaration':
    case 'TSImportType':
      return node.source
    default:
      return null
  }
}

function startsOf(text: string): number[] {
  const starts = [0]
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return starts
}

/** One-based line of an offset. */
export function lineAt(source: Pick<Source, 'lineStarts'>, offset: number): number {
  let low = 0
  let high = source.lineStarts.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((source.lineStarts[middle] ?? 0) <= offset) low = middle + 1
    else high = middle
  }
  return low
}

export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/** Tests and what only tests use may reach wider and may use real time. */
export function isTest(path: string): boolean {
  return path.endsWith('.test.ts') || /(^|\/)test\//.test(path) || path.startsWith('regression/')
}
