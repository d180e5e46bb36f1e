// Owns: the verb advance: a batch of what reaches the orchestrator, in one transaction. Saga rows are loaded in
// one statement, decisions are made in memory by the kernel, results are written in one statement each.
import { ORCHESTRATOR, type Message, type SagaRef, type Time } from '@ensemble/core'
import { bury } from '../bury.ts'
import { storeScheduled } from '../perform/store.ts'
import type { SagaRow, SagaStore, Stores, Transaction } from '../ports.ts'
import { Ledger, type Office } from './ledger.ts'
import { hear } from './hear.ts'
import type { Recollection } from './recollection.ts'
import type { AdvanceWork } from './signals.ts'

export interface AdvanceOptions {
  readonly office: Office
  readonly stores: Stores
  readonly sagas: Recollection
  readonly horizonCheckedBefore: (now: Time) => Time
  /** Something is due at once. */
  readonly onDue: () => void
}

export async function advance(
  tx: Transaction,
  works: readonly AdvanceWork[],
  options: AdvanceOptions,
): Promise<readonly Message[]> {
  if (works.length === 0) return []
  const rows = await loadSagas(
    tx,
    works.map(({ saga }) => saga),
    options.sagas,
  )
  return await decideAll(tx, works, { rows, options })
}

/** The same with the rows in hand. */
export async function decideAll(
  tx: Transaction,
  works: readonly AdvanceWork[],
  { rows, options }: { readonly rows: readonly SagaRow[]; readonly options: AdvanceOptions },
): Promise<readonly Message[]> {
  if (works.length === 0) return []
  const { stores, sagas } = options
  const now = await timeFor(tx, works)
  const checkBefore = options.horizonCheckedBefore(now)
  const horizon = works.some((work) => issuedAt(work) < checkBefore) ? await stores.registry.horizon(tx) : 0
  const ledger = new Ledger(rows, { now, horizon })
  for (const work of works) hear(options.office, ledger, work)
  const { inserts, updates, unchanged } = ledger.changes()
  await sagas.confirm(tx, unchanged)
  if (inserts.length > 0) tx.defer(sagas.insert(tx, inserts))
  if (updates.length > 0) tx.defer(sagas.update(tx, updates))
  storeScheduled(tx, ledger.scheduled, stores)
  if (ledger.scheduled.some(({ dueAt }) => dueAt <= ledger.now)) tx.onCommit(options.onDue)
  const told = bury(tx, ledger.deadLetters, { service: ORCHESTRATOR, stores })
  return [...ledger.messages, ...told]
}

/** A watch has come because it is due by the database's own time. */
async function timeFor(tx: Transaction, works: readonly AdvanceWork[]): Promise<Time> {
  return works.reduce(
    (now, { heard }) => (heard.type === 'watch' ? Math.max(now, heard.at) : now),
    // Asked after the rows: the first statement may leave before the time is known.
    await timeOf(tx),
  )
}

/** As early as it is known. */
export async function timeOf(tx: Transaction): Promise<Time> {
  const foretold = tx.foretold?.()
  if (foretold === undefined) await tx.begun?.()
  return foretold ?? tx.now
}

/** The retry of a parked decision is put away: from now on its saga waits for an answer, which its watch asks for. */
export async function release(
  tx: Transaction,
  works: readonly AdvanceWork[],
  { stores, sagas }: AdvanceOptions,
): Promise<void> {
  if (works.length === 0) return
  const rows = await loadSagas(
    tx,
    works.map(({ saga }) => saga),
    stores.sagas,
  )
  const released = rows.filter((row) => row.parked === 'PLAN_THROWS').map((row) => ({ ...row, parked: null }))
  if (released.length > 0) tx.defer(sagas.update(tx, released))
}

function issuedAt({ heard }: AdvanceWork): Time {
  if (heard.type === 'start') return heard.start.issuedAt
  return heard.type === 'cancel' ? heard.issuedAt : Number.POSITIVE_INFINITY
}

export async function loadSagas(
  tx: Transaction,
  sagas: readonly SagaRef[],
  store: Pick<SagaStore, 'load'>,
): Promise<readonly SagaRow[]> {
  const unique = new Map(sagas.map(({ plan, id }) => [`${plan}/${id}`, { plan, id }]))
  const ids = [...unique].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, id]) => id)
  return await store.load(tx, ids)
}
