// Owns: the rules about statements that change rows: what guards them, how many there may be, conflicts.
import type { Found, Rule, Subject } from './rule.ts'
import { about } from './rule.ts'
import { nameOf } from './source.ts'
import { below, nameIn, tableOf } from './tree.ts'
import type { TreeNode } from './tree.ts'

const WRITES = new Set(['DeleteStmt', 'InsertStmt', 'UpdateStmt'])
const STATEMENTS = new Set([...WRITES, 'SelectStmt'])
/** The key, and what was read. */
const COMPARED_COUNT_MIN = 2
const GUARD = /\bGuard: ([\w.-]+\.sql)\b/

export const WRITE_RULES: readonly Rule[] = [
  { name: '3-skip-locked', find: (subject) => subject.nodes.flatMap((node) => unguarded(node, subject)) },
  {
    name: '4-version',
    find: about('UpdateStmt', (node, { nodes, schema }) => {
      if (!schema.versioned.has(tableOf(node))) return undefined
      const isCompared = equalities(nodes, node).some((columns) => columns.includes('version'))
      return isCompared ? undefined : `${tableOf(node)} has versions: compare the one that was read`
    }),
  },
  {
    name: '4-where',
    find: ({ nodes }) =>
      nodes
        .filter(({ type }) => type === 'UpdateStmt' || type === 'DeleteStmt')
        .filter(({ fields }) => fields['whereClause'] === undefined)
        .map((node) => [node, 'every row is changed: say which']),
  },
  { name: '5-one-write', find: ({ nodes }) => repeated(nodes.filter(({ type }) => WRITES.has(type))) },
  {
    name: '5-top-level',
    find: ({ nodes }) =>
      nodes
        .filter(({ type, ancestors }) => WRITES.has(type) && ancestors.filter(isStatement).length > 1)
        .map((node) => [node, 'only a WITH of the whole statement may change rows']),
  },
  {
    name: '7-override',
    find: about('InsertStmt', ({ fields }) =>
      fields['override'] === 'OVERRIDING_NOT_SET' ? undefined : 'OVERRIDING is not there',
    ),
  },
  {
    name: '9-conflict',
    find: about('OnConflictClause', (node, { nodes }) => {
      const targets = below(nodes, node, 'infer').filter(({ type }) => type === 'IndexElem')
      if (targets.some(({ fields }) => fields['expr'] !== undefined))
        return 'a conflict is about columns, not expressions'
      return targets.length === 0 ? 'name the columns of the one conflict that is meant' : undefined
    }),
  },
]

function isStatement({ type }: TreeNode): boolean {
  return STATEMENTS.has(type)
}

function repeated(writes: readonly TreeNode[]): readonly Found[] {
  const tables = writes.map(tableOf)
  return writes
    .filter((_, index) => tables.indexOf(tables[index] ?? '') < index)
    .map((node) => [node, `${tableOf(node)} is changed twice in one statement`])
}

/** A lock that is only a hint: what takes the rows must find them as they were read. */
function unguarded(node: TreeNode, { nodes, comment, all, path }: Subject): readonly Found[] {
  if (node.type !== 'LockingClause' || node.fields['waitPolicy'] !== 'LockWaitSkip') return []
  const writes = nodes.filter(({ type }) => WRITES.has(type))
  if (writes.some((write) => guards(nodes, write))) return []
  const message =
    'the lock may be no lock: compare the key and what was read when the rows are changed, here or in the ' +
    'statement that the comment names (Guard: name.sql)'
  const named = GUARD.exec(comment)?.[1]
  const folder = path.slice(0, path.lastIndexOf('/') + 1)
  const other = all.find((one) => nameOf(one) === named && one.path.startsWith(folder))
  const others = other?.statements.flat() ?? []
  return others.some((one) => WRITES.has(one.type) && guards(others, one)) ? [] : [[node, message]]
}

/** Compares columns with columns; a row that is gone cannot be deleted again, so its key is enough. */
function guards(nodes: readonly TreeNode[], write: TreeNode): boolean {
  const compared = equalities(nodes, write).filter((columns) => columns.length === 2)
  return compared.length >= (write.type === 'DeleteStmt' ? 1 : COMPARED_COUNT_MIN)
}

/** The columns on the sides of each `=` in its WHERE. */
function equalities(nodes: readonly TreeNode[], write: TreeNode): readonly (readonly string[])[] {
  return below(nodes, write, 'whereClause')
    .filter((node) => node.type === 'A_Expr' && nameIn(node.fields['name']) === '=')
    .map((equality) =>
      nodes
        .filter(({ type, ancestors }) => type === 'ColumnRef' && ancestors.at(-1) === equality)
        .map(({ fields }) => nameIn(fields['fields']).split('.').at(-1) ?? ''),
    )
}
