// Owns: which nodes of a plan read more the more rows their table has. Pure.
// I1: an index read from end to end counts like a table read from end to end; so does one behind a condition that it
// cannot look up. What a LIMIT stops after some rows does not, unless rows are thrown away before it.
import * as z from 'zod'

const Node = z.object({
  'Node Type': z.string(),
  'Relation Name': z.string().optional(),
  'Index Name': z.string().optional(),
  'Index Cond': z.string().optional(),
  Filter: z.string().optional(),
  get Plans() {
    return z.array(Node).optional()
  },
})
type Node = z.output<typeof Node>

const Explained = z.tuple([z.object({ Plan: Node })])

export interface Scan {
  readonly node: string
  readonly table: string
}

/** Of `EXPLAIN (FORMAT JSON)`. */
export function planOf(explained: unknown): Node {
  return Explained.parse(explained)[0].Plan
}

/** Every table that a plan reads or writes. */
export function tablesOf(plan: Node): readonly string[] {
  const own = plan['Relation Name']
  return [...(own === undefined ? [] : [own]), ...(plan.Plans ?? []).flatMap(tablesOf)]
}

/** `isStopped`: a LIMIT above takes rows only as long as it wants some. */
export function scansOf(plan: Node, above: { isStopped: boolean; table: string } = NOTHING): readonly Scan[] {
  const type = plan['Node Type']
  const table = plan['Relation Name'] ?? above.table
  const isStopped = type === 'Limit' || (above.isStopped && HANDS_ON.has(type))
  const below = (plan.Plans ?? []).flatMap((one) => scansOf(one, { isStopped, table }))
  return isWhole(plan, above.isStopped) ? [{ node: named(plan), table }, ...below] : below
}

const NOTHING = { isStopped: false, table: '' }
/** Give each row on as it comes. */
const HANDS_ON: ReadonlySet<string> = new Set(['LockRows', 'Subquery Scan', 'Result'])
const BY_INDEX: ReadonlySet<string> = new Set(['Index Scan', 'Index Only Scan', 'Bitmap Index Scan'])

function isWhole(plan: Node, isStopped: boolean): boolean {
  if (isStopped && plan.Filter === undefined) return false
  const type = plan['Node Type']
  return type === 'Seq Scan' || (BY_INDEX.has(type) && plan['Index Cond'] === undefined)
}

function named(plan: Node): string {
  const index = plan['Index Name']
  return index === undefined ? plan['Node Type'] : `${plan['Node Type']} of all of ${index}`
}
