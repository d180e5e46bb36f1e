// Owns: the verb advance: a batch of what reaches the orchestrator, in one transaction. Saga rows are loaded in
// one statement, decisions are made in memory by the kernel, results are written in one statement each.
import { ORCHESTRATOR, type Message, type SagaRef, type Time } from '@ensemble/core'
import { bury } from '../bury.ts'
import { storeScheduled } from '../perform/store.ts'
import { sagaKey } from '../letters.ts'
import type { SagaRow, Stores, Transaction } from '../ports.ts'
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

/**
 * The orchestrator at work in one transaction: it hears what has come, and what its own host says to it then; what has
 * become of its sagas is stored once, at the end.
 */
export class Advancing {
  readonly #tx: Transaction
  readonly #options: AdvanceOptions
  readonly #ledger = new Ledger()
  /** Sagas that need not be loaded: rows that are not there count, too. */
  readonly #known = new Set<string>()

  constructor(tx: Transaction, options: AdvanceOptions) {
    this.#tx = tx
    this.#options = options
  }

  /** Those about sagas whose rows are in hand, given or remembered: to hear them locks nothing. */
  inHand(works: readonly AdvanceWork[], rows?: readonly SagaRow[]): readonly AdvanceWork[] {
    if (works.length === 0) return []
    // What is known has gone on in this transaction, whatever another one has had remembered meanwhile.
    const unknown = works.filter(({ saga }) => !this.#known.has(sagaKey(saga)))
    this.#ledger.add(rows ?? this.#options.sagas.recall(this.#tx, idsOf(unknown)))
    const known = works.filter(({ saga }) => rows !== undefined || this.#ledger.row(saga) !== undefined)
    for (const { saga } of known) this.#known.add(sagaKey(saga))
    return known
  }

  /** What is to be sent. Rows that are not in hand are loaded. What is heard was not said before `since`. */
  async hear(works: readonly AdvanceWork[], since: Time = 0): Promise<readonly Message[]> {
    if (works.length === 0) return []
    const { office } = this.#options
    const ledger = this.#ledger
    const unknown = works.filter(({ saga }) => !this.#known.has(sagaKey(saga)))
    if (unknown.length > 0) ledger.add(await this.#options.sagas.load(this.#tx, idsOf(unknown)))
    for (const { saga } of unknown) this.#known.add(sagaKey(saga))
    ledger.moveTo(await this.#timesFor(works, since))
    const from = ledger.messages.length
    for (const work of works) hear(office, ledger, work)
    return ledger.messages.slice(from)
  }

  /** What else is to be sent. */
  async store(): Promise<readonly Message[]> {
    const { stores, sagas, onDue } = this.#options
    const [tx, ledger] = [this.#tx, this.#ledger]
    const { inserts, updates, unchanged } = ledger.changes()
    if (unchanged.length > 0) await sagas.confirm(tx, unchanged)
    if (inserts.length > 0) tx.defer(sagas.insert(tx, inserts))
    if (updates.length > 0) tx.defer(sagas.update(tx, updates))
    storeScheduled(tx, ledger.scheduled, stores)
    if (ledger.scheduled.some(({ dueAt }) => dueAt <= ledger.now)) tx.onCommit(onDue)
    return bury(tx, ledger.deadLetters, { service: ORCHESTRATOR, stores })
  }

  async #timesFor(
    works: readonly AdvanceWork[],
    since: Time,
  ): Promise<{ readonly now: Time; readonly horizon: Time }> {
    const { stores, horizonCheckedBefore } = this.#options
    const now = Math.max(since, await timeFor(this.#tx, works))
    const checkBefore = horizonCheckedBefore(now)
    const isOld = works.some((work) => issuedAt(work) < checkBefore)
    return { now, horizon: isOld ? await stores.registry.horizon(this.#tx) : 0 }
  }
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
  const rows = await stores.sagas.load(tx, idsOf(works))
  const released = rows.filter((row) => row.parked === 'PLAN_THROWS').map((row) => ({ ...row, parked: null }))
  if (released.length > 0) tx.defer(sagas.update(tx, released))
}

function issuedAt({ heard }: AdvanceWork): Time {
  if (heard.type === 'start') return heard.start.issuedAt
  return heard.type === 'cancel' ? heard.issuedAt : Number.POSITIVE_INFINITY
}

/** Each saga once, in the order in which rows are locked. */
export function idsOf(works: readonly { readonly saga: SagaRef }[]): readonly Pick<SagaRow, 'plan' | 'id'>[] {
  const unique = new Map(works.map(({ saga: { plan, id } }) => [`${plan}/${id}`, { plan, id }]))
  return [...unique].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, id]) => id)
}
