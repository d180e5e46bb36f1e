// Owns: the syntax tree of one statement as a flat list of nodes, each with its ancestors. Does not own any rule.
// The parser wraps a node in its type (`{ SelectStmt: {...} }`) unless the field alone says which type it is.
import { parseSync } from 'libpg-query'

type Fields = Readonly<Record<string, unknown>>

export interface TreeNode {
  readonly type: string
  readonly fields: Fields
  /** The field of the parent that holds it. */
  readonly field: string
  /** Outermost first. */
  readonly ancestors: readonly TreeNode[]
}

/** Types of nodes that come without their name. */
const TYPE_OF_FIELD: Readonly<Record<string, string>> = {
  alias: 'Alias',
  infer: 'InferClause',
  larg: 'SelectStmt',
  onConflictClause: 'OnConflictClause',
  over: 'WindowDef',
  partspec: 'PartitionSpec',
  pktable: 'RangeVar',
  rarg: 'SelectStmt',
  relation: 'RangeVar',
  returningClause: 'ReturningClause',
  role: 'RoleSpec',
  authrole: 'RoleSpec',
  typeName: 'TypeName',
  withClause: 'WithClause',
  action: 'GrantStmt',
}

export interface Parsed {
  /** One for each statement of the text. */
  readonly statements: readonly (readonly TreeNode[])[]
}

/** Errors: the parser's, with `sqlDetails.cursorPosition`. The module must be loaded. */
export function parseSql(text: string): Parsed {
  const { stmts = [] } = parseSync(text)
  return { statements: stmts.map(({ stmt }) => nodesOf(stmt)) }
}

function nodesOf(root: unknown): readonly TreeNode[] {
  const nodes: TreeNode[] = []
  visit(root, { field: 'stmt', ancestors: [], nodes })
  return nodes
}

interface Place {
  readonly field: string
  readonly ancestors: readonly TreeNode[]
  readonly nodes: TreeNode[]
}

function visit(value: unknown, place: Place): void {
  if (Array.isArray(value)) {
    for (const item of value) visit(item, place)
    return
  }
  if (!isFields(value)) return
  const [[type, inner] = ['', undefined], ...others] = Object.entries(value)
  if (others.length === 0 && /^[A-Z]/.test(type) && isFields(inner)) add(type, inner, place)
  else {
    const known = TYPE_OF_FIELD[place.field]
    if (known !== undefined) add(known, value, place)
  }
}

function add(type: string, fields: Fields, { field, ancestors, nodes }: Place): void {
  const node: TreeNode = { type, fields, field, ancestors }
  nodes.push(node)
  if (type === 'A_Const') return
  const below = [...ancestors, node]
  for (const [name, value] of Object.entries(fields)) visit(value, { field: name, ancestors: below, nodes })
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The nodes below one of them. */
export function below(nodes: readonly TreeNode[], top: TreeNode, field?: string): readonly TreeNode[] {
  return nodes.filter(({ ancestors, field: own }) => {
    const at = ancestors.indexOf(top)
    if (at < 0) return false
    return field === undefined || (ancestors[at + 1]?.field ?? own) === field
  })
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** `count`, or `pg_catalog.substring` where the grammar named the schema. */
export function nameIn(value: unknown): string {
  return listOf(value).map(textOf).join('.')
}

/** Of a String node. */
function textOf(value: unknown): string {
  const text = isFields(value) && isFields(value['String']) ? value['String']['sval'] : undefined
  return typeof text === 'string' ? text : ''
}

/** A table's own name, without its schema. */
export function tableOf({ fields }: TreeNode): string {
  const { relation } = fields
  const name = isFields(relation) ? relation['relname'] : fields['relname']
  return typeof name === 'string' ? name : ''
}

export function childOf({ fields }: TreeNode, field: string): Fields | undefined {
  const value = fields[field]
  return isFields(value) ? value : undefined
}
