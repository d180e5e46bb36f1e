// Owns: the rules about statements that make and change tables and indexes.
import type { Rule } from './rule.ts'
import { about, both, never } from './rule.ts'
import { below, childOf, listOf, nameIn } from './tree.ts'
import type { TreeNode } from './tree.ts'

const DDL = new Set(['AlterTableStmt', 'CreateStmt', 'CreateTrigStmt', 'DropStmt', 'IndexStmt'])
const STORED = ['options', 'partspec', 'tablespacename', 'inhRelations']
const DEFERRED = new Set(['CONSTR_ATTR_DEFERRABLE', 'CONSTR_ATTR_DEFERRED'])

export const TABLE_RULES: readonly Rule[] = [
  {
    name: '10-ddl',
    find: ({ nodes, isMigration, isInline }) =>
      nodes
        .filter(({ type }) => DDL.has(type) && !isMigration && !isInline)
        .map((node) => [node, 'tables change in migrations']),
  },
  {
    name: '10-drop-column',
    find: about('AlterTableStmt', (node, { nodes }) => {
      const commands = below(nodes, node, 'cmds').filter(({ type }) => type === 'AlterTableCmd')
      const drops = commands.some(({ fields }) => fields['subtype'] === 'AT_DropColumn')
      return drops && commands.length > 1 ? 'a column is dropped alone, in its own migration' : undefined
    }),
  },
  {
    name: '11-index-nulls',
    find: about('IndexElem', ({ fields: { ordering, nulls_ordering: nulls } }) => {
      const isOdd =
        (nulls === 'SORTBY_NULLS_LAST' && ordering !== 'SORTBY_DESC') ||
        (nulls === 'SORTBY_NULLS_FIRST' && ordering === 'SORTBY_DESC')
      return isOdd ? 'an index has NULLs first when it ascends and last when it descends' : undefined
    }),
  },
  {
    name: '12-constraint',
    find: both(
      about('Constraint', ({ fields }) => {
        const type = String(fields['contype'])
        if (type === 'CONSTR_EXCLUSION') return 'there are no exclusion constraints'
        const isDeferred =
          DEFERRED.has(type) || fields['deferrable'] === true || fields['initdeferred'] === true
        return isDeferred ? 'no constraint can be deferred' : undefined
      }),
      never(['CreateTrigStmt'], 'triggers are partial there'),
    ),
  },
  {
    name: '18-storage',
    find: both(
      about('CreateStmt', (node) => {
        const isOwn = childOf(node, 'relation')?.['relpersistence'] === 'p'
        return isOwn && STORED.every((field) => node.fields[field] === undefined)
          ? undefined
          : 'how a table is stored, split or inherited differs'
      }),
      about('IndexStmt', ({ fields }) =>
        fields['options'] === undefined && fields['tableSpace'] === undefined
          ? undefined
          : 'how an index is stored differs',
      ),
    ),
  },
  {
    name: '19-concurrently',
    find: about('IndexStmt', ({ fields }) =>
      fields['concurrent'] === true ? 'CONCURRENTLY cannot run in a migration' : undefined,
    ),
  },
  {
    name: '19-default',
    find: about('AlterTableCmd', (node, { nodes }) => {
      const isComputed = below(nodes, node)
        .filter(({ type, fields }) => type === 'Constraint' && fields['contype'] === 'CONSTR_DEFAULT')
        .some((constraint) => !isConstant(nodes, constraint))
      return isComputed ? 'a new column of a filled table has a constant for its default' : undefined
    }),
  },
  {
    name: '23-drop-index',
    find: about('DropStmt', ({ fields }, { schema }) => {
      if (fields['removeType'] !== 'OBJECT_INDEX' || fields['behavior'] === 'DROP_CASCADE') return undefined
      const names = listOf(fields['objects']).map((object) => namesIn(object).at(-1) ?? '')
      return names.some((name) => schema.uniqueIndexes.has(name))
        ? 'a unique index is dropped with CASCADE only'
        : undefined
    }),
  },
]

function isConstant(nodes: readonly TreeNode[], constraint: TreeNode): boolean {
  const parts = below(nodes, constraint, 'raw_expr')
  return parts.every(({ type }) => ['A_Const', 'TypeCast', 'TypeName', 'String', 'Integer'].includes(type))
}

/** Of one object of DROP, a list of names. */
function namesIn(object: unknown): readonly string[] {
  const list: unknown =
    typeof object === 'object' && object !== null && 'List' in object ? object.List : undefined
  const items: unknown = typeof list === 'object' && list !== null && 'items' in list ? list.items : []
  return nameIn(items).split('.')
}
