// Owns: the rules about what a statement says: functions, types, parameters, order, names.
import type { Rule } from './rule.ts'
import { about, both, never } from './rule.ts'
import { childOf, listOf, nameIn } from './tree.ts'
import type { TreeNode } from './tree.ts'

/** On both, with the same meaning for what we give them. */
const FUNCTIONS = new Set([
  'array_agg',
  'count',
  'current_setting',
  'floor',
  'gen_random_uuid',
  'jsonb_array_elements',
  'jsonb_to_recordset',
  'ln',
  'lower',
  'max',
  'min',
  'now',
  'octet_length',
  'pg_catalog.extract',
  'pg_catalog.substring',
  'row_number',
  'strpos',
  'sum',
  'unnest',
  'version',
])
const ADVISORY = /^pg_(?:try_)?advisory_/
const SEQUENCE = new Set(['nextval', 'currval', 'setval', 'lastval'])
const REFUSED_BY_NAME = new Set(['pg_notify', 'set_config', ...SEQUENCE])
const SERIAL = /^(?:small|big)?serial[248]?$/

const TYPES = new Set([
  'bool',
  'float8',
  'int4',
  'int8',
  'jsonb',
  'pg_catalog.interval',
  'pg_catalog.numeric',
  'pg_catalog.varchar',
  'text',
  'timestamptz',
  'uuid',
])
/** As the parser writes what was said otherwise. */
const SPELLED: Readonly<Record<string, string>> = {
  'pg_catalog.bool': 'bool',
  'pg_catalog.float8': 'float8',
  'pg_catalog.int4': 'int4',
  'pg_catalog.int8': 'int8',
  'pg_catalog.timestamptz': 'timestamptz',
  json: 'jsonb',
}
const JSON_TYPES = new Set(['json', 'jsonb'])
const SYSTEM_COLUMNS = new Set(['cmax', 'cmin', 'ctid', 'tableoid', 'xmax', 'xmin'])
const KEYWORDS = new Set(['family', 'index', 'nothing'])
const FRACTIONS = new Set(['float8', 'pg_catalog.numeric'])

const functionOf = ({ fields }: TreeNode): string => nameIn(fields['funcname'])
const typeOf = ({ fields }: TreeNode): string => nameIn(fields['names'])

export const QUERY_RULES: readonly Rule[] = [
  {
    name: '0-keyword',
    find: both(
      about('ColumnRef', ({ fields }) => keyword(lastName(fields['fields']))),
      about('RangeVar', ({ fields }) => keyword(fields['relname'])),
      about('ColumnDef', ({ fields }) => keyword(fields['colname'])),
    ),
  },
  {
    name: '1-listen',
    unless: 'canListen',
    find: both(
      never(
        ['ListenStmt', 'NotifyStmt', 'UnlistenStmt'],
        'there is no LISTEN and NOTIFY: polling is the truth',
      ),
      about('FuncCall', (node) =>
        functionOf(node) === 'pg_notify' ? 'there is no NOTIFY: polling is the truth' : undefined,
      ),
    ),
  },
  {
    name: '2-advisory-lock',
    unless: 'canLockAdvisory',
    find: both(
      about('FuncCall', (node) =>
        ADVISORY.test(functionOf(node)) ? 'an advisory lock excludes nobody: use a lease row' : undefined,
      ),
      never(['LockStmt'], 'a table is not locked: use a lease row'),
    ),
  },
  {
    name: '6-array',
    find: about('TypeName', ({ fields }) => {
      const count = listOf(fields['arrayBounds']).length
      if (count > 0 && JSON_TYPES.has(nameIn(fields['names'])))
        return 'no array of JSON: send text[], cast each'
      return count > 1 ? 'an array has one dimension' : undefined
    }),
  },
  {
    name: '8-system-column',
    find: about('ColumnRef', ({ fields }) =>
      SYSTEM_COLUMNS.has(lastName(fields['fields']))
        ? 'a hidden column of PostgreSQL: mark or delete rows'
        : undefined,
    ),
  },
  {
    name: '10-star',
    find: about('ColumnRef', ({ fields, field }) =>
      field === 'val' && 'A_Star' in Object(listOf(fields['fields']).at(-1))
        ? 'name the columns: a changed table must not change what a prepared statement answers'
        : undefined,
    ),
  },
  {
    name: '11-nulls',
    find: about('SortBy', ({ fields }) =>
      fields['sortby_nulls'] === 'SORTBY_NULLS_DEFAULT' ? 'say NULLS FIRST or NULLS LAST' : undefined,
    ),
  },
  {
    name: '11-division',
    find: (subject) =>
      subject.nodes
        .filter((node) => node.type === 'A_Expr' && nameIn(node.fields['name']) === '/')
        .filter((node) => !['lexpr', 'rexpr'].every((side) => isFraction(subject.nodes, node, side)))
        .map((node) => [node, 'integers divide to a decimal there: cast both sides to float8 or numeric']),
  },
  {
    name: '12-type',
    find: about('TypeName', (node) => {
      const name = typeOf(node)
      if (TYPES.has(name) || SERIAL.test(name)) return undefined
      const spelled = SPELLED[name]
      return spelled === undefined ? `the type ${name} is not on both` : `write ${spelled}`
    }),
  },
  { name: '13-copy', find: never(['CopyStmt'], 'COPY differs: insert by unnest or jsonb_to_recordset') },
  {
    name: '14-cursor',
    find: never(['DeclareCursorStmt', 'FetchStmt', 'ClosePortalStmt'], 'no cursors: read in keyset pages'),
  },
  {
    name: '17-set',
    find: both(
      about('VariableSetStmt', ({ fields }) =>
        fields['is_local'] === true
          ? undefined
          : 'a rollback does not undo SET there: SET LOCAL, or set it when the session begins',
      ),
      about('FuncCall', (node) =>
        functionOf(node) === 'set_config' && !isLocal(node)
          ? 'a rollback does not undo it there: set it for the transaction only, or when the session begins'
          : undefined,
      ),
    ),
  },
  {
    name: '21-cast',
    find: about('ParamRef', ({ fields, ancestors }) =>
      ancestors.at(-1)?.type === 'TypeCast'
        ? undefined
        : `cast $${String(fields['number'])}: types are guessed otherwise`,
    ),
  },
  {
    name: '22-function',
    find: about('FuncCall', (node) => {
      const name = functionOf(node)
      if (FUNCTIONS.has(name) || REFUSED_BY_NAME.has(name) || ADVISORY.test(name)) return undefined
      return `${name} is not in scripts/sqlcheck/queries.ts: look up whether CockroachDB has it, then add it`
    }),
  },
]

/** Here, because it is about functions and types too. */
export const generatedId: Rule = {
  name: '7-generated-id',
  find: both(
    about('TypeName', (node) => (SERIAL.test(typeOf(node)) ? 'SERIAL is not a sequence there' : undefined)),
    about('Constraint', ({ fields }) =>
      fields['contype'] === 'CONSTR_IDENTITY' ? 'an identity column is a slow sequence there' : undefined,
    ),
    about('FuncCall', (node) => (SEQUENCE.has(functionOf(node)) ? 'sequences are slow there' : undefined)),
    never(['CreateSeqStmt'], 'sequences are slow there'),
  ),
}

/** As SET LOCAL: its last argument says so itself. */
function isLocal({ fields }: TreeNode): boolean {
  const { args } = fields
  const last: unknown = Array.isArray(args) ? args.at(-1) : undefined
  return JSON.stringify(last)?.includes('"boolval":{"boolval":true}') ?? false
}

function keyword(name: unknown): string | undefined {
  return typeof name === 'string' && KEYWORDS.has(name) ? `${name} is a keyword of CockroachDB` : undefined
}

function lastName(fields: unknown): string {
  return nameIn(fields).split('.').at(-1) ?? ''
}

function isFraction(nodes: readonly TreeNode[], division: TreeNode, side: string): boolean {
  const cast = nodes.find(({ ancestors, field }) => ancestors.at(-1) === division && field === side)
  return cast?.type === 'TypeCast' && FRACTIONS.has(nameIn(childOf(cast, 'typeName')?.['names']))
}
