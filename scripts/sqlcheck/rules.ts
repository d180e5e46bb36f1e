// | rule | on CockroachDB | what sqlcheck refuses |
// |---|---|---|
// | `0-syntax` | | what PostgreSQL's parser refuses (LIMIT on DELETE too), two statements in one text |
// | `0-form` | has less syntax | syntax that nobody has looked up yet |
// | `0-keyword` | has more keywords | a column or table called `family`, `index` or `nothing` |
// | `0-capability` | | an `Only where` without a capability of `profile.ts`, a reason, or anything that needs it |
// | `1-listen` | no LISTEN and NOTIFY | them, unless only where `canListen` |
// | `2-advisory-lock` | advisory locks exclude nobody | them and LOCK TABLE, unless only where `canLockAdvisory` |
// | `3-skip-locked` | its lock may be dropped | SKIP LOCKED without an UPDATE that compares key and what was read, or |
// | | | a DELETE that compares the key: there, or in the file that its comment names (`Guard: x.sql`) |
// | `4-version` | updates can be lost at READ COMMITTED | an UPDATE that compares no version, where there is one |
// | `4-where` | | an UPDATE or DELETE of all rows |
// | `5-one-write` | one change of a table in a statement | a second one |
// | `5-top-level` | changes only in a WITH of the whole statement | one in a WITH further inside |
// | `6-array` | no arrays of JSON, one dimension | them |
// | `7-generated-id` | SERIAL and identity are something else | them, and sequences |
// | `7-override` | no OVERRIDING | it |
// | `8-system-column` | no `xmin`, `ctid` and their kin | them |
// | `9-conflict` | one arbiter, of columns | DO UPDATE without one, an expression as one |
// | `10-star` | a changed table breaks `*` in a prepared statement | `*` in a list of columns |
// | `10-ddl` | DDL commits the transaction around it | DDL in a statement's file |
// | `10-drop-column` | dropped alone | DROP COLUMN beside another change |
// | `11-nulls` | NULLs come first | ORDER BY without NULLS FIRST or LAST |
// | `11-index-nulls` | an index has one order of NULLs for each direction | the other one |
// | `11-division` | `/` of integers is a decimal | `/` unless both sides are cast to float8 or numeric |
// | `12-type` | no domains, ranges, XML; INT has 64 bits | types outside the list, and other spellings of those in it |
// | `12-constraint` | none that exclude or are deferred; triggers in part | them |
// | `13-copy` | has fewer options | COPY in statements |
// | `14-cursor` | forward only, one at a time | cursors |
// | `17-set` | a rollback does not undo SET | SET and `set_config` that are not local |
// | `18-storage` | stores, splits and inherits tables otherwise | UNLOGGED, WITH, PARTITION BY, INHERITS, TABLESPACE |
// | `19-concurrently` | | CREATE INDEX CONCURRENTLY |
// | `19-default` | fills a new column otherwise | ADD COLUMN with a default that is computed |
// | `21-cast` | guesses other types | a parameter without a cast |
// | `22-function` | has other functions | functions outside the list |
// | `23-drop-index` | drops a unique index with CASCADE only | it without |
//
// Owns: the rules as one list, checked against this table by a test, and what a statement says to be let off one.
// Numbers group the rules by subject, they have no other meaning.
import { PROFILES } from '@ensemble/postgres'
import type { Violation } from '../tidy/source.ts'
import { form } from './forms.ts'
import { generatedId, QUERY_RULES } from './queries.ts'
import type { Found, Rule, Subject } from './rule.ts'
import { lineOf, schemaOf } from './source.ts'
import type { Sql } from './source.ts'
import { TABLE_RULES } from './tables.ts'
import { WRITE_RULES } from './writes.ts'

export const RULES: readonly Rule[] = [form, generatedId, ...QUERY_RULES, ...WRITE_RULES, ...TABLE_RULES]

const ONLY_WHERE = /\bOnly where (\w+)(?:: (\S.*))?/

export function lint(all: readonly Sql[]): readonly Violation[] {
  const schema = schemaOf(all)
  return all.flatMap((sql) => [
    ...syntax(sql),
    ...sql.statements.flatMap((nodes) => judged({ ...sql, nodes, schema, all })),
  ])
}

function syntax(sql: Sql): readonly Violation[] {
  const { error, statements } = sql
  if (error !== undefined) return [violation(sql, error.at, ['0-syntax', error.message])]
  if (statements.length === 1) return []
  return [violation(sql, 0, ['0-syntax', `${statements.length} statements: a text holds one`])]
}

function judged(subject: Subject): readonly Violation[] {
  const said = ONLY_WHERE.exec(subject.comment)
  const [, capability = '', reason] = said ?? []
  const lifts = ({ unless }: Rule): boolean => unless !== undefined && unless === capability
  const found = RULES.map((rule) => ({ rule, found: rule.find(subject) }))
  const broken = found.filter(({ rule }) => !lifts(rule))
  const violations = broken.flatMap((one) => one.found.map((each) => at(subject, one.rule, each)))
  if (said === null) return violations
  const problem = wrong({
    capability,
    reason,
    isNeeded: found.some((one) => lifts(one.rule) && one.found.length > 0),
  })
  return problem === undefined
    ? violations
    : [...violations, violation(subject, 0, ['0-capability', problem])]
}

interface OnlyWhere {
  readonly capability: string
  readonly reason: string | undefined
  readonly isNeeded: boolean
}

function wrong({ capability, reason, isNeeded }: OnlyWhere): string | undefined {
  if (!Object.hasOwn(PROFILES.postgres, capability)) return `${capability} is no capability of profile.ts`
  if (reason === undefined) return 'give the reason behind a colon'
  return isNeeded ? undefined : `nothing here needs ${capability}`
}

function at(subject: Subject, { name }: Rule, [node, message]: Found): Violation {
  return violation(subject, placeOf(node), [name, message])
}

/** Its own, or the first one inside it, or of what is around it: not every node has a place. */
function placeOf({ fields, ancestors }: Found[0]): number {
  const around = ancestors.map((one) => one.fields['location'])
  return [...around, firstPlace(fields), fields['location']].filter(isPlace).at(-1) ?? 0
}

function firstPlace(value: unknown): number | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const fields: readonly (readonly [string, unknown])[] = Object.entries(value)
  const places = fields.map(([key, one]) => (key === 'location' ? one : firstPlace(one)))
  return places.filter(isPlace).sort((a, b) => a - b)[0]
}

function isPlace(value: unknown): value is number {
  return typeof value === 'number' && value >= 0
}

function violation(sql: Sql, place: number, [rule, message]: readonly [string, string]): Violation {
  return { path: sql.path, line: lineOf(sql, place), rule, message }
}
