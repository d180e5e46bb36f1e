// Owns: the rules about one TypeScript file: sizes, exports, banned calls, focused or switched-off tests, notes.
// Does not own: who imports whom (layers.ts), whether the file is used (reach.ts).
import type { Node } from 'oxc-parser'
import { baseName, isTest, lineAt, walk } from './source.ts'
import type { Source, Violation } from './source.ts'
import { hasUnnumberedNote } from './text.ts'

const FUNCTION_LINES_MAX = 70
const FILE_LINES_MAX = 400
const PARAMETERS_MAX = 4

const BANNED_MEMBERS = new Set(['Date.now', 'Math.random', 'performance.now', 'process.hrtime'])
const BANNED_NAMES = new Set(['randomUUID', 'setTimeout', 'setInterval'])
const BANNED_MODULES = new Set(['node:timers', 'node:timers/promises', 'timers', 'timers/promises'])
const TEST_WORDS = new Set(['describe', 'it', 'suite', 'test', 'specify', 'bench'])

type Found = readonly [node: { readonly start: number }, rule: string, message: string]

export function checkCode(source: Source): Violation[] {
  const found: Found[] = [...fileFindings(source), ...exportFindings(source), ...noteFindings(source)]
  const testing = isTest(source.path)
  const timeless = !testing && !mayTouchChance(source.path)
  walk(source.program, (node, ancestors) => {
    found.push(...sizeFindings(source, node, ancestors))
    if (timeless) found.push(...banFindings(node, ancestors))
    if (testing) found.push(...focusFindings(node))
  })
  return distinct(
    found.map(([node, rule, message]) => ({
      path: source.path,
      line: lineAt(source, node.start),
      rule,
      message,
    })),
  )
}

function mayTouchChance(path: string): boolean {
  return /^(?:scripts|benchmarks)\//.test(path) || ['clock.ts', 'ids.ts'].includes(baseName(path))
}

function distinct(violations: readonly Violation[]): Violation[] {
  return [...new Map(violations.map((one) => [`${one.line} ${one.rule} ${one.message}`, one])).values()]
}

function fileFindings(source: Source): Found[] {
  const lines = source.lineStarts.length - (source.text.endsWith('\n') ? 1 : 0)
  const syntax = source.errors.map((message): Found => [{ start: 0 }, 'syntax', message])
  if (lines <= FILE_LINES_MAX) return syntax
  return [...syntax, [{ start: 0 }, 'file-length', `${lines} lines, at most ${FILE_LINES_MAX}`]]
}

function exportFindings(source: Source): Found[] {
  const { body } = source.program
  const found: Found[] = []
  for (const statement of source.module.staticExports) {
    const isDefault = statement.entries.some(({ exportName }) => isDefaultName(exportName))
    if (isDefault && !source.path.endsWith('.config.ts')) {
      found.push([statement, 'default-export', 'export it by name'])
    }
  }
  for (const node of body) {
    if (node.type === 'ExportAllDeclaration') found.push([node, 'export-star', 'name what is exported'])
  }
  const passesOn =
    body.length > 0 && body.every((node) => node.type === 'ExportNamedDeclaration' && node.source !== null)
  if (passesOn && baseName(source.path) !== 'index.ts') {
    found.push([{ start: 0 }, 'barrel', 'a file that only passes exports on is called index.ts'])
  }
  return found
}

function isDefaultName(name: { readonly kind: string; readonly name: string | null }): boolean {
  return name.kind === 'Default' || name.name === 'default'
}

function noteFindings(source: Source): Found[] {
  return source.comments
    .filter(({ value }) => hasUnnumberedNote(value))
    .map((comment) => [comment, 'note', 'a note of work to do needs an issue number'])
}

function sizeFindings(source: Source, node: Node, ancestors: readonly Node[]): Found[] {
  const found: Found[] = []
  const count = parametersOf(node)
  if (count > PARAMETERS_MAX) {
    found.push([node, 'parameters', `${count} parameters, at most ${PARAMETERS_MAX}: pass one named object`])
  }
  if (isFunction(node) && !isSceneList(node, ancestors)) {
    const lines = linesOf(source, node) - sceneLines(source, node)
    if (lines > FUNCTION_LINES_MAX) {
      found.push([node, 'function-length', `${lines} lines, at most ${FUNCTION_LINES_MAX}`])
    }
  }
  return found
}

function parametersOf(node: Node): number {
  if (!isFunction(node) && node.type !== 'TSFunctionType' && node.type !== 'TSMethodSignature') return 0
  return node.params.filter((param) => !(param.type === 'Identifier' && param.name === 'this')).length
}

type FunctionNode = Extract<
  Node,
  { type: 'FunctionDeclaration' | 'FunctionExpression' | 'ArrowFunctionExpression' }
>

function isFunction(node: Node): node is FunctionNode {
  const { type } = node
  return type === 'FunctionDeclaration' || type === 'FunctionExpression' || type === 'ArrowFunctionExpression'
}

// `describe` groups scenes; each scene is a function of its own and is measured.
function isSceneList(node: Node, ancestors: readonly Node[]): boolean {
  const parent = ancestors.at(-1)
  if (parent?.type !== 'CallExpression' || rootName(parent.callee) !== 'describe') return false
  return parent.arguments.some((argument) => argument === node)
}

function sceneLines(source: Source, outer: Node): number {
  let lines = 0
  let end = -1
  walk(outer, (node, ancestors) => {
    if (node.start < end || !isFunction(node) || !isSceneList(node, ancestors)) return
    lines += linesOf(source, node) - 1
    end = node.end
  })
  return lines
}

function linesOf(source: Source, node: Node): number {
  return lineAt(source, node.end - 1) - lineAt(source, node.start) + 1
}

function banFindings(node: Node, ancestors: readonly Node[]): Found[] {
  if (node.type === 'ImportDeclaration' && BANNED_MODULES.has(node.source.value))
    return [ban(node, node.source.value)]
  if (node.type === 'NewExpression' && isDate(node.callee) && node.arguments.length === 0)
    return [ban(node, 'new Date()')]
  if (node.type === 'CallExpression' && isDate(node.callee)) return [ban(node, 'Date()')]
  if (node.type === 'MemberExpression') {
    const name = dotted(node).replace(/^(?:globalThis|global)\./, '')
    if (BANNED_MEMBERS.has(name)) return [ban(node, name)]
    return name.endsWith('.randomUUID') || BANNED_NAMES.has(name) ? [ban(node, name)] : []
  }
  if (node.type !== 'Identifier' || !BANNED_NAMES.has(node.name)) return []
  return isOnlyAName(node, ancestors) ? [] : [ban(node, node.name)]
}

function ban(node: Node, name: string): Found {
  return [node, 'banned', `${name}: take time, ids and chance from the ports (clock.ts and ids.ts own them)`]
}

function isDate(node: Node): boolean {
  return node.type === 'Identifier' && node.name === 'Date'
}

// A port may have a method of that name, and a type may mention the global; neither calls it.
function isOnlyAName(node: Node, ancestors: readonly Node[]): boolean {
  const parent = ancestors.at(-1)
  switch (parent?.type) {
    case 'MemberExpression':
      return parent.property === node && !parent.computed
    case 'Property':
      return parent.key === node && !parent.shorthand && !parent.computed
    case 'MethodDefinition':
    case 'PropertyDefinition':
    case 'TSPropertySignature':
    case 'TSMethodSignature':
      return parent.key === node
    case 'TSTypeQuery':
      return true
    default:
      return false
  }
}

function dotted(node: Node): string {
  if (node.type === 'Identifier') return node.name
  if (node.type === 'MemberExpression') {
    const name =
      node.property.type === 'Identifier' && !node.computed ? node.property.name : literalOf(node.property)
    return `${dotted(node.object)}.${name}`
  }
  return '?'
}

function literalOf(node: Node): string {
  return node.type === 'Literal' && typeof node.value === 'string' ? node.value : '?'
}

function focusFindings(node: Node): Found[] {
  if (node.type !== 'MemberExpression' || node.property.type !== 'Identifier') return []
  const word = node.property.name
  if ((word !== 'only' && word !== 'skip') || !TEST_WORDS.has(rootName(node))) return []
  return [
    [node, 'focus', `.${word} hides tests: run all of them, or skipIf with a reason a machine can check`],
  ]
}

function rootName(node: Node): string {
  switch (node.type) {
    case 'Identifier':
      return node.name
    case 'MemberExpression':
      return rootName(node.object)
    case 'CallExpression':
      return rootName(node.callee)
    case 'TaggedTemplateExpression':
      return rootName(node.tag)
    default:
      return ''
  }
}
