// Owns: what of PostgreSQL's syntax our SQL may use at all: what it says already, or what a rule of its own refuses by
// name. Does not own those rules.
// I1: whatever is new is refused until somebody has looked up whether CockroachDB has it, and added it here.
import type { Found, Rule } from './rule.ts'
import { nameIn } from './tree.ts'
import type { TreeNode } from './tree.ts'

/** Fields of each node, besides `location`. */
const FORMS: Readonly<Record<string, string>> = {
  A_ArrayExpr: '',
  A_Const: 'boolval fval isnull ival sval',
  A_Expr: 'kind lexpr name rexpr rexpr_list_end rexpr_list_start',
  A_Star: '',
  AccessPriv: 'priv_name',
  Alias: 'aliasname colnames',
  AlterTableCmd: 'behavior def name subtype',
  AlterTableStmt: 'cmds objtype relation',
  BoolExpr: 'args boolop',
  CaseExpr: 'args defresult',
  CaseWhen: 'expr result',
  ClosePortalStmt: 'portalname',
  CoalesceExpr: 'args',
  ColumnDef: 'colname constraints is_local typeName',
  ColumnRef: 'fields',
  CommonTableExpr: 'ctematerialized ctename ctequery',
  Constraint:
    'conname contype deferrable fk_attrs fk_del_action fk_matchtype fk_upd_action generated_kind generated_when ' +
    'initdeferred initially_valid is_enforced keys pk_attrs pktable raw_expr',
  CopyStmt: 'filename is_from options query relation',
  CreateSchemaStmt: 'authrole if_not_exists schemaname',
  CreateSeqStmt: 'sequence',
  CreateStmt: 'if_not_exists inhRelations oncommit options partspec relation tableElts tablespacename',
  CreateTrigStmt: 'events funcname relation row timing trigname',
  CreatedbStmt: 'dbname',
  DeclareCursorStmt: 'options portalname query',
  DefElem: 'arg defaction defname',
  DeleteStmt: 'relation returningClause usingClause whereClause withClause',
  DropStmt: 'behavior missing_ok objects removeType',
  FetchStmt: 'direction howMany portalname',
  FuncCall: 'agg_star args funcformat funcname over',
  GrantRoleStmt: 'behavior granted_roles grantee_roles is_grant',
  GrantStmt: 'behavior grantees is_grant objects objtype privileges targtype',
  IndexElem: 'expr name nulls_ordering ordering',
  IndexStmt: 'accessMethod concurrent idxname indexParams options relation tableSpace unique whereClause',
  InferClause: 'indexElems',
  InsertStmt: 'cols onConflictClause override relation returningClause selectStmt withClause',
  Integer: 'ival',
  JoinExpr: 'jointype larg quals rarg',
  List: 'items',
  ListenStmt: 'conditionname',
  LockStmt: 'mode relations',
  LockingClause: 'lockedRels strength waitPolicy',
  MinMaxExpr: 'args op',
  NotifyStmt: 'conditionname payload',
  NullTest: 'arg nulltesttype',
  OnConflictClause: 'action infer targetList whereClause',
  ParamRef: 'number',
  PartitionSpec: 'partParams strategy',
  RangeFunction: 'alias coldeflist functions lateral',
  RangeSubselect: 'alias lateral subquery',
  RangeVar: 'alias inh relname relpersistence schemaname',
  ResTarget: 'name val',
  ReturningClause: 'exprs',
  RoleSpec: 'rolename roletype',
  RowExpr: 'args row_format',
  SQLValueFunction: 'op typmod',
  SelectStmt:
    'all fromClause groupClause havingClause larg limitCount limitOffset limitOption lockingClause op rarg ' +
    'sortClause targetList valuesLists whereClause withClause',
  SortBy: 'node sortby_dir sortby_nulls',
  String: 'sval',
  SubLink: 'subLinkType subselect testexpr',
  TypeCast: 'arg typeName',
  TypeName: 'arrayBounds names typemod typmods',
  UnlistenStmt: 'conditionname',
  UpdateStmt: 'fromClause relation returningClause targetList whereClause withClause',
  VariableSetStmt: 'args is_local kind name',
  WindowDef: 'frameOptions orderClause partitionClause',
  WithClause: 'ctes',
}

/** Where a field's word decides. */
const WORDS: Readonly<Record<string, string>> = {
  'A_Expr.kind': 'AEXPR_OP AEXPR_OP_ANY AEXPR_IN AEXPR_LIKE',
  'AlterTableCmd.subtype':
    'AT_AddColumn AT_DropColumn AT_AddConstraint AT_DropConstraint AT_SetRelOptions AT_ResetRelOptions',
  'Constraint.contype':
    'CONSTR_PRIMARY CONSTR_NOTNULL CONSTR_DEFAULT CONSTR_CHECK CONSTR_UNIQUE CONSTR_FOREIGN CONSTR_IDENTITY ' +
    'CONSTR_GENERATED CONSTR_EXCLUSION CONSTR_ATTR_DEFERRABLE CONSTR_ATTR_DEFERRED',
  // Read, checked and ignored there.
  'DefElem.defname': 'fillfactor',
  'DropStmt.removeType': 'OBJECT_TABLE OBJECT_INDEX',
  'IndexStmt.accessMethod': 'btree',
  'JoinExpr.jointype': 'JOIN_INNER JOIN_LEFT JOIN_FULL',
  'LockingClause.strength': 'LCS_FORUPDATE',
  'LockingClause.waitPolicy': 'LockWaitBlock LockWaitSkip',
  'SQLValueFunction.op': 'SVFOP_CURRENT_USER',
  'SelectStmt.limitOption': 'LIMIT_OPTION_DEFAULT LIMIT_OPTION_COUNT',
  'SelectStmt.op': 'SETOP_NONE SETOP_UNION',
  'SubLink.subLinkType': 'EXPR_SUBLINK EXISTS_SUBLINK ANY_SUBLINK',
}

const OPERATORS = new Set(['=', '<>', '<', '<=', '>', '>=', '+', '-', '*', '/', '||', '->', '->>', '~~', '?'])
const UNSAID = 'is not in scripts/sqlcheck/forms.ts: look up whether CockroachDB has it, then add it'

export const form: Rule = {
  name: '0-form',
  find: ({ nodes }) => nodes.flatMap(unknownIn),
}

function unknownIn(node: TreeNode): readonly Found[] {
  const fields = FORMS[node.type]
  if (fields === undefined) return [[node, `${node.type} ${UNSAID}`]]
  const known = new Set(['location', ...fields.split(' ')])
  return Object.entries(node.fields).flatMap(([name, value]): readonly Found[] => {
    if (!known.has(name)) return [[node, `${node.type}.${name} ${UNSAID}`]]
    const words = WORDS[`${node.type}.${name}`]
    if (words === undefined || words.split(' ').includes(String(value))) return operatorIn(node, name)
    return [[node, `${node.type}.${name} ${String(value)} ${UNSAID}`]]
  })
}

function operatorIn(node: TreeNode, field: string): readonly Found[] {
  if (node.type !== 'A_Expr' || field !== 'name') return []
  const name = nameIn(node.fields['name'])
  return OPERATORS.has(name) ? [] : [[node, `the operator ${name} ${UNSAID}`]]
}
