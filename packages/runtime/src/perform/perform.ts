// Owns: the verb perform: a batch of work of one participant in one transaction. Load everything in bulk,
// decide in memory, write
// in bulk. The only thing it awaits between loading and writing are the calls of transaction handlers.
// I1: locks are taken in the order keyed rows, claims, operations; keys sorted within each.
// I2: a pass over the batch is pure; when it needs rows that were not loaded they are loaded and the pass is
// made again.
// I3: work of transaction handlers is decided after the pass, one by one: a repeated message meets the row of
// the first.
import type { ErrorInfo, Message, Time } from '@ensemble/core'
import { EnsembleError, errorInfo, RERUN } from '../errors.ts'
import type { EventHandler } from '../handlers.ts'
import type { OperationRow, Rows, Stores, Transaction } from '../ports.ts'
import type { Shop } from './answer.ts'
import {
  decideFollow,
  decideLocal,
  decideResume,
  decideRun,
  decideWithdraw,
  pendingRun,
  type TransactionCall,
} from './decide-work.ts'
import { fault } from './fault.ts'
import { onRun } from './operation.ts'
import { Picture, type Loaded, type LocalResult } from './picture.ts'
import { keyOrNull } from './rules.ts'
import type { Work } from './work.ts'

/** How often a pass may ask for more rows before the batch is refused. */
const PASSES_MAX = 5

export interface Performed {
  readonly messages: readonly Message[]
  readonly results: ReadonlyMap<string, LocalResult>
}

export interface PerformOptions {
  readonly shop: Shop
  readonly stores: Stores
  /** Whether any handler defers: only then are the deferred operations of aggregates loaded with them. */
  readonly defers: boolean
  /** Nothing issued after this can be older than the horizon, so it need not be read. */
  readonly horizonCheckedBefore: (now: Time) => Time
  /** Refuses every run for this reason, as if its tries were used up: the message could not be handled. */
  readonly refuse: ErrorInfo | null
  /** Something was scheduled, or an effect intended: the next due time may be sooner. */
  readonly onScheduled: () => void
}

export async function perform(
  tx: Transaction,
  works: readonly Work[],
  options: PerformOptions,
): Promise<Performed> {
  if (works.length === 0) return { messages: [], results: new Map() }
  const loaded = await load(tx, works, options)
  const picture = await passes(tx, loaded, { works: works.filter((work) => !callsSql(work)), options })
  for (const work of works.filter(callsSql)) await decideSql(tx, picture, { work, options })
  store(tx, picture, options.stores)
  const intended = picture
    .operationChanges()
    .some(({ status, dueAt }) => status === 'set_aside' && dueAt !== null)
  if (intended || picture.scheduled.length > 0) tx.onCommit(options.onScheduled)
  return { messages: picture.messages, results: picture.results }
}

function callsSql(work: Work): boolean {
  return work.do !== 'resume' && work.do !== 'follow' && work.handler.form === 'transaction'
}

async function passes(
  tx: Transaction,
  loaded: Loaded,
  { works, options }: { works: readonly Work[]; options: PerformOptions },
): Promise<Picture> {
  for (let pass = 0; pass < PASSES_MAX; pass += 1) {
    const picture = new Picture(loaded)
    for (const work of works) decideWork(picture, work, options)
    if (!picture.incomplete) return picture
    await loadMissing(tx, loaded, { picture, stores: options.stores })
  }
  throw new EnsembleError(
    'BATCH_NEEDS_TOO_MUCH',
    `a batch of ${works.length} still needed more rows after ${PASSES_MAX} passes`,
  )
}

function decideWork(picture: Picture, work: Work, { shop, refuse }: PerformOptions): TransactionCall | null {
  try {
    if (refuse === null) return decideOne(picture, work, shop)
    refused(picture, shop, { work, refuse })
  } catch (error) {
    faulted(picture, shop, { work, error })
  }
  return null
}

async function decideSql(
  tx: Transaction,
  picture: Picture,
  { work, options }: { work: Work; options: PerformOptions },
): Promise<void> {
  const call = decideWork(picture, work, options)
  if (call !== null) await callTransaction(tx, picture, { work, call, options })
}

function decideOne(picture: Picture, work: Work, shop: Shop): TransactionCall | null {
  switch (work.do) {
    case 'run':
      return decideRun(shop, picture, work)
    case 'withdraw':
      return decideWithdraw(shop, picture, work)
    case 'follow':
      decideFollow(shop, picture, work)
      return null
    case 'local':
      return decideLocal(shop, picture, work)
    case 'resume':
      decideResume(shop, picture, work)
      return null
    default:
      return work satisfies never
  }
}

function faulted(picture: Picture, shop: Shop, { work, error }: { work: Work; error: unknown }): void {
  fault(shop, picture, { work, error, pending: work.do === 'run' ? pendingRun(picture, work) : null })
}

function refused(picture: Picture, shop: Shop, { work, refuse }: { work: Work; refuse: ErrorInfo }): void {
  if (work.do !== 'run' || onRun(picture.operation(work.ask.operation), work).do !== 'handle') return
  const error = Object.assign(new Error(refuse.message), { code: refuse.code })
  faulted(picture, shop, { work: { ...work, attempt: shop.retry.attemptsMax }, error })
}

/** Rolls back to the handler's savepoint when it rejects, too: a refusal leaves nothing behind. */
class RejectedInside extends Error {}

interface Call {
  readonly work: Work
  readonly call: TransactionCall
  readonly options: PerformOptions
}

async function callTransaction(tx: Transaction, picture: Picture, at: Call): Promise<void> {
  const { work, call, options } = at
  const { input, operation, saga, handler } = call
  try {
    let said: Awaited<ReturnType<typeof handler.handle>> | null = null
    try {
      await tx.savepoint(async () => {
        said = await handler.handle({ tx, input, operation, saga, now: tx.now })
        call.accepts(said)
        if (said.status === 'rejected') throw new RejectedInside()
      })
    } catch (error) {
      if (!(error instanceof RejectedInside)) throw error
    }
    if (said !== null) call.conclude(said)
  } catch (error) {
    // The database wants the whole transaction again, not this part of it.
    if (RERUN.has(errorInfo(error).code)) throw error
    faulted(picture, options.shop, { work, error })
  }
}

async function load(tx: Transaction, works: readonly Work[], options: PerformOptions): Promise<Loaded> {
  const { stores } = options
  const loaded: Loaded = {
    now: tx.now,
    horizon: issuedBefore(works, options.horizonCheckedBefore(tx.now))
      ? await stores.registry.horizon(tx)
      : 0,
    operations: new Map(),
    rows: new Map(),
    claims: new Map(),
  }
  // What is refused meets its operation's row only: loading the rest may be what fails.
  const keyed = options.refuse === null ? works.flatMap(keyedOf) : []
  await loadRows(
    tx,
    loaded,
    keyed.map(({ table, key }) => ({ table, key })),
  )
  const needs = keyed.map((one) => ({ one, needs: needsOf(loaded, one) }))
  const related = needs.flatMap(({ one, needs: { related = {} } }) =>
    Object.entries(related).flatMap(([name, key]) => {
      const table = one.rule.related[name]
      return table === undefined || key === undefined ? [] : [{ table, key }]
    }),
  )
  await loadRows(tx, loaded, related)
  await loadClaims(tx, loaded, { values: needs.flatMap(({ needs: { claims = [] } }) => claims), stores })
  const ids = [...new Set(works.flatMap(operationOf))].sort()
  const owners = options.defers ? uniqueOwners(keyed) : []
  if (ids.length > 0 || owners.length > 0) {
    const rows = await stores.operations.load(tx, { ids, deferredOf: owners })
    for (const row of rows) loaded.operations.set(row.id, row)
  }
  return loaded
}

function issuedBefore(works: readonly Work[], time: Time): boolean {
  return works.some(
    (work) =>
      (work.do === 'run' && work.ask.issuedAt < time) || (work.do === 'withdraw' && work.ask.issuedAt < time),
  )
}

function operationOf(work: Work): readonly string[] {
  switch (work.do) {
    case 'run':
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

function needsOf(
  loaded: Loaded,
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

function uniqueOwners(keyed: readonly Keyed[]): readonly { owner: string; key: string }[] {
  const unique = new Map(keyed.map(({ owner, key }) => [`${owner}/${key}`, { owner, key }]))
  return [...unique.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value)
}

async function loadRows(
  tx: Transaction,
  loaded: Loaded,
  wanted: readonly { table: Rows<unknown>; key: string }[],
): Promise<void> {
  const byTable = new Map<Rows<unknown>, Set<string>>()
  for (const { table, key } of wanted) {
    if (loaded.rows.get(table)?.has(key) === true) continue
    byTable.set(table, (byTable.get(table) ?? new Set()).add(key))
  }
  const tables = [...byTable].sort(([a], [b]) => (a.name < b.name ? -1 : 1))
  for (const [table, keys] of tables) {
    const sorted = [...keys].sort()
    const found = await table.load(tx, sorted)
    const known = loaded.rows.get(table) ?? new Map<string, unknown>()
    for (const key of sorted) known.set(key, found.get(key))
    loaded.rows.set(table, known)
  }
}

async function loadClaims(
  tx: Transaction,
  loaded: Loaded,
  what: { values: readonly string[]; stores: Stores },
): Promise<void> {
  const values = [...new Set(what.values)].filter((value) => !loaded.claims.has(value)).sort()
  if (values.length === 0) return
  const found = await what.stores.claims.load(tx, values)
  for (const value of values) loaded.claims.set(value, found.get(value) ?? null)
}

async function loadMissing(
  tx: Transaction,
  loaded: Loaded,
  { picture, stores }: { picture: Picture; stores: Stores },
): Promise<void> {
  const wanted = [...picture.missing.rows].flatMap(([table, keys]) =>
    [...keys].map((key) => ({ table, key })),
  )
  await loadRows(tx, loaded, wanted)
  await loadClaims(tx, loaded, { values: [...picture.missing.claims], stores })
}

export function store(tx: Transaction, picture: Picture, stores: Stores): void {
  for (const { table, inserts, updates } of picture.rowChanges()) {
    if (inserts.length > 0) tx.defer(table.insert(tx, inserts))
    if (updates.length > 0) tx.defer(table.update(tx, updates))
  }
  for (const [table, entries] of picture.entries) tx.defer(table.append(tx, entries))
  const { taken, released } = picture.claimChanges()
  if (released.length > 0) tx.defer(stores.claims.release(tx, released))
  if (taken.length > 0) tx.defer(stores.claims.insert(tx, taken))
  const operations: readonly OperationRow[] = picture.operationChanges()
  const inserts = operations.filter((row) => row.version === 0)
  const updates = operations.filter((row) => row.version > 0)
  if (inserts.length > 0) tx.defer(stores.operations.insert(tx, inserts))
  if (updates.length > 0) tx.defer(stores.operations.update(tx, updates))
  storeScheduled(tx, picture.scheduled, stores)
  if (picture.deadLetters.length > 0) tx.defer(stores.deadLetters.insert(tx, picture.deadLetters))
}

/** Packs what is due within the same second into one row. */
export function storeScheduled(
  tx: Transaction,
  scheduled: readonly { readonly dueAt: Time; readonly message: Message }[],
  stores: Pick<Stores, 'scheduled'>,
): void {
  if (scheduled.length === 0) return
  const bySecond = Map.groupBy(scheduled, ({ dueAt }) => Math.ceil(dueAt / 1_000))
  const rows = [...bySecond.values()].map((group) => ({
    dueAt: Math.max(...group.map(({ dueAt }) => dueAt)),
    messages: group.map(({ message }) => message),
  }))
  tx.defer(stores.scheduled.insert(tx, rows))
}
