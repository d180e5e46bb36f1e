// Owns: loading what a batch of work needs, in bulk.
// I1: locks are taken in the order keyed rows, claims, operations; keys sorted within each.
import type { Ask, ErrorInfo, Time } from '@ensemble/core'
import type { EventHandler } from '../handlers.ts'
import type { Rows, Stores, Transaction } from '../ports.ts'
import type { Held } from './held.ts'
import type { Loaded, Picture } from './picture.ts'
import { keyOrNull } from './rules.ts'
import type { Work } from './work.ts'

export interface LoadOptions {
  readonly stores: Stores
  readonly defers: boolean
  readonly horizonCheckedBefore: (now: Time) => Time
  readonly refuse: ErrorInfo | null
  /** Nothing is done before this. */
  readonly since: Time
  /** What is found is held, too. */
  readonly held: Held
}

/** What is held already, and what the statements find. */
type Found = Pick<Held, 'operations' | 'sought' | 'rows' | 'claims' | 'owners'>

export async function load(tx: Transaction, works: readonly Work[], options: LoadOptions): Promise<Loaded> {
  const { stores, held: loaded } = options
  // What is refused meets its operation's row only: loading the rest may be what fails.
  const keyed = options.refuse === null ? works.flatMap(keyedOf) : []
  const rows = loadRows(
    tx,
    loaded,
    keyed.map(({ table, key }) => ({ table, key })),
  )
  if (keyed.some(({ rule }) => rule.needs !== undefined)) {
    await rows
    await loadNeeded(tx, loaded, { keyed, stores })
  }
  // Where nothing is needed in between both leave in one flush; locks are taken in the order they were sent.
  await Promise.all([rows, loadOperations(tx, loaded, { works, keyed, options })])
  // Asked last: the first statements may leave before the time is known.
  await tx.begun?.()
  const now = Math.max(tx.now, options.since)
  const isOld = issuedBefore(works, options.horizonCheckedBefore(now))
  const { operations, rows: known, claims } = loaded
  return { operations, rows: known, claims, now, horizon: isOld ? await stores.registry.horizon(tx) : 0 }
}

async function loadNeeded(
  tx: Transaction,
  loaded: Found,
  { keyed, stores }: { keyed: readonly Keyed[]; stores: Stores },
): Promise<void> {
  const needs = keyed.map((one) => ({ one, needs: needsOf(loaded, one) }))
  const related = needs.flatMap(({ one, needs: { related = {} } }) =>
    Object.entries(related).flatMap(([name, key]) => {
      const table = one.rule.related[name]
      return table === undefined || key === undefined ? [] : [{ table, key }]
    }),
  )
  await loadRows(tx, loaded, related)
  await loadClaims(tx, loaded, { values: needs.flatMap(({ needs: { claims = [] } }) => claims), stores })
}

async function loadOperations(
  tx: Transaction,
  loaded: Found,
  what: { works: readonly Work[]; keyed: readonly Keyed[]; options: LoadOptions },
): Promise<void> {
  const { works, keyed, options } = what
  const wanted = new Set(works.flatMap(operationsOf))
  const ids = [...wanted].filter((id) => !loaded.operations.has(id) && !loaded.sought.has(id)).sort()
  const owners = options.defers ? uniqueOwners(keyed, loaded.owners) : []
  if (ids.length === 0 && owners.length === 0) return
  for (const id of ids) loaded.sought.add(id)
  const rows = await options.stores.operations.load(tx, { ids, deferredOf: owners })
  // What is held has been decided on since.
  for (const row of rows) if (!loaded.operations.has(row.id)) loaded.operations.set(row.id, row)
  for (const { owner, key } of owners) loaded.owners.add(`${owner}/${key}`)
}

function issuedBefore(works: readonly Work[], time: Time): boolean {
  return works.some((work) => issuedAt(work) < time)
}

/** What needs no row, or makes sure of its own, is of any age. */
function issuedAt(work: Work): Time {
  if (work.do === 'run' || work.do === 'withdraw') return work.ask.issuedAt
  return work.do === 'follow' ? work.sentAt : Number.POSITIVE_INFINITY
}

function operationsOf(work: Work): readonly string[] {
  switch (work.do) {
    case 'run':
      return pipeline(work.ask)
    case 'withdraw':
      return [work.ask.operation]
    case 'follow':
    case 'resume':
      return [work.operation]
    case 'local':
      return work.stored ? [work.operation] : []
    default:
      return work satisfies never
  }
}

/** With what may be taken up in a later round. */
function pipeline({ operation, pipelined }: Ask): readonly string[] {
  return pipelined === undefined ? [operation] : [operation, ...pipeline(pipelined)]
}

interface Keyed {
  readonly table: Rows<unknown>
  readonly key: string
  readonly owner: string
  readonly input: unknown
  readonly rule: {
    readonly needs?: EventHandler['rule']['needs']
    readonly related: Readonly<Record<string, Rows<unknown>>>
  }
}

/** The keyed row that a work is about. A key that cannot be computed faults later, in the pass. */
function keyedOf(work: Work): readonly Keyed[] {
  if (work.do === 'resume') return []
  const { handler } = work
  if (work.do !== 'follow' && 'form' in handler && handler.form !== 'aggregate') return []
  if (!('group' in handler)) return []
  const { group, rule } = handler
  if (!work.input.ok) return []
  const input = work.input.value
  const key = keyOrNull(rule, input)
  if (key === null) return []
  return [
    { table: group.rows, key, owner: group.name, input, rule: { needs: rule.needs, related: group.related } },
  ]
}

/** Names of the keyed rows that are locked for these, their deferred operations with them. */
export function locksOf(works: readonly Work[]): readonly string[] {
  return works.flatMap(keyedOf).map(({ owner, key }) => `${owner}/${key}`)
}

function needsOf(
  loaded: Found,
  { rule, input, table, key }: Keyed,
): { related?: Readonly<Record<string, string | undefined>>; claims?: readonly string[] } {
  const { needs } = rule
  return needs === undefined ? {} : (attempt(() => needs(input, loaded.rows.get(table)?.get(key))) ?? {})
}

function attempt<T>(compute: () => T): T | null {
  try {
    return compute()
  } catch {
    return null
  }
}

function uniqueOwners(
  keyed: readonly Keyed[],
  known: ReadonlySet<string>,
): readonly { owner: string; key: string }[] {
  const unique = new Map(keyed.map(({ owner, key }) => [`${owner}/${key}`, { owner, key }]))
  for (const name of known) unique.delete(name)
  return [...unique.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value)
}

async function loadRows(
  tx: Transaction,
  loaded: Pick<Found, 'rows'>,
  wanted: readonly { table: Rows<unknown>; key: string }[],
): Promise<void> {
  const byTable = new Map<Rows<unknown>, Set<string>>()
  for (const { table, key } of wanted) {
    if (loaded.rows.get(table)?.has(key) === true) continue
    byTable.set(table, (byTable.get(table) ?? new Set()).add(key))
  }
  const tables = [...byTable].sort(([a], [b]) => (a.name < b.name ? -1 : 1))
  const loads = tables.map(async ([table, keys]) => {
    const sorted = [...keys].sort()
    const found = await table.load(tx, sorted)
    const known = loaded.rows.get(table) ?? new Map<string, unknown>()
    for (const key of sorted) known.set(key, found.get(key))
    loaded.rows.set(table, known)
  })
  await Promise.all(loads)
}

async function loadClaims(
  tx: Transaction,
  loaded: Pick<Found, 'claims'>,
  what: { values: readonly string[]; stores: Stores },
): Promise<void> {
  const values = [...new Set(what.values)].filter((value) => !loaded.claims.has(value)).sort()
  if (values.length === 0) return
  const found = await what.stores.claims.load(tx, values)
  for (const value of values) loaded.claims.set(value, found.get(value) ?? null)
}

export async function loadMissing(
  tx: Transaction,
  loaded: Pick<Loaded, 'rows' | 'claims'>,
  { picture, stores }: { picture: Picture; stores: Stores },
): Promise<void> {
  const wanted = [...picture.missing.rows].flatMap(([table, keys]) =>
    [...keys].map((key) => ({ table, key })),
  )
  await loadRows(tx, loaded, wanted)
  await loadClaims(tx, loaded, { values: [...picture.missing.claims], stores })
}
