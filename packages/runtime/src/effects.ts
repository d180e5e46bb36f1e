// Owns: the worker of effects: takes due intents, calls the outside world, stores the outcome in a second transaction.
// I1: a call is made only after its intent is stored as `calling`; the operation's id is the idempotency key.
// I2: an outcome is stored only while the row is `calling` in this very attempt.
// I3: once a call is in doubt only the provider's word about the key, or `unknown`, ends it: never expired, faulted or withdrawn.
// I4: a pivot, retriable or undo never answers `unknown`: it is called on, with capped backoff, shown as parked.
import { backoffMs, EXPIRED, rejected, type Answer, type ErrorInfo, type Outcome, type Time } from '@ensemble/core'
import { tell } from './diagnostics.ts'
import { errorInfo } from './errors.ts'
import { NotDone, type EffectHandler } from './handlers.ts'
import { answer, note, type Pending, type Shop } from './perform/answer.ts'
import { effectOwner } from './perform/decide-work.ts'
import { Picture } from './perform/picture.ts'
import { store } from './perform/perform.ts'
import { pendingOf } from './perform/rules.ts'
import type { Database, Link, OperationRow } from './ports.ts'

export interface EffectOptions {
  readonly shop: Shop
  readonly database: Database
  readonly link: Link
  readonly handlers: readonly EffectHandler[]
  /** Rings when a call has ended, so that the next due intent is taken at once. */
  readonly onDone: () => void
}

/** A call is another worker's after its own time-out and this much more, milliseconds. */
const LEASE_SLACK_MS = 5_000

export class EffectWorker {
  readonly #options: EffectOptions
  readonly #running = new Set<Promise<void>>()

  constructor(options: EffectOptions) {
    this.#options = options
  }

  /** Takes due intents, as many as its provider may run at once, and calls; returns how many were taken. */
  async step(): Promise<number> {
    let taken = 0
    for (const group of byProvider(this.#options.handlers)) taken += await this.#takeDue(group)
    return taken
  }

  /** Resolves when the calls that are out have ended. */
  async drain(): Promise<void> {
    await Promise.all(this.#running)
  }

  async #takeDue(group: readonly EffectHandler[]): Promise<number> {
    const [first] = group
    const countMax = (first?.concurrency ?? 0) - this.#running.size
    if (first === undefined || countMax <= 0) return 0
    const leaseMs = Math.max(...group.map((handler) => handler.timeoutMs)) + LEASE_SLACK_MS
    const { database, shop } = this.#options
    const rows = await database.transaction((tx) =>
      database.stores.operations.claimDue(tx, { owners: [effectOwner(first)], leaseMs, countMax }),
    )
    for (const row of rows) this.#spawn(row)
    if (rows.length > 0) tell('effect', { service: shop.service, count: rows.length })
    return rows.length
  }

  #spawn(row: OperationRow): void {
    const run = this.#call(row)
      .catch((error: unknown) => tell('error', { service: this.#options.shop.service, detail: 'effect', error }))
      .finally(() => {
        this.#running.delete(run)
        this.#options.onDone()
      })
    this.#running.add(run)
  }

  async #call(row: OperationRow): Promise<void> {
    const pending = pendingOf(this.#options.shop, row)
    const handler = this.#options.handlers.find((candidate) => candidate.ref.request === pending.ask.request)
    if (handler === undefined) return
    const said = await callProvider(handler, { row, pending })
    await this.#store(row, { handler, said })
  }

  async #store(row: OperationRow, heard: { handler: EffectHandler; said: Called }): Promise<void> {
    const { link, database, shop } = this.#options
    await link.transaction(async (tx) => {
      const [current] = await database.stores.operations.load(tx, { ids: [row.id], deferredOf: [] })
      const loaded = { now: tx.now, horizon: 0, operations: new Map<string, OperationRow>(), rows: new Map(), claims: new Map() }
      const picture = new Picture(loaded)
      if (current !== undefined) {
        loaded.operations.set(current.id, current)
        const mine = current.status === 'calling' && current.attempt === row.attempt
        if (mine) settle(shop, picture, { current, ...heard })
        else late(shop, picture, { row, said: heard.said })
      }
      store(tx, picture, database.stores)
      return { value: undefined, messages: picture.messages }
    })
  }
}

function byProvider(handlers: readonly EffectHandler[]): readonly (readonly EffectHandler[])[] {
  return [...Map.groupBy(handlers, (handler) => handler.provider).values()]
}

type Called =
  | { readonly type: 'word'; readonly outcome: Outcome }
  | { readonly type: 'not done'; readonly error: ErrorInfo }
  | { readonly type: 'doubt'; readonly error: ErrorInfo }

async function callProvider(handler: EffectHandler, call: { row: OperationRow; pending: Pending }): Promise<Called> {
  const { row, pending } = call
  const { ask, saga } = pending
  const run = ask.direction === 'undo' ? row.id.replace(/undo$/, 'run') : null
  const signal = AbortSignal.timeout(handler.timeoutMs)
  const timedOut = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error(`no answer within ${handler.timeoutMs} ms`)))
  })
  try {
    const called = handler.call({ input: ask.input, operation: row.id, run, attempt: row.attempt, signal, saga })
    return { type: 'word', outcome: await Promise.race([called, timedOut]) }
  } catch (error) {
    return { type: error instanceof NotDone ? 'not done' : 'doubt', error: errorInfo(error) }
  }
}

interface Settling {
  readonly current: OperationRow
  readonly handler: EffectHandler
  readonly said: Called
}

function settle(shop: Shop, picture: Picture, { current, handler, said }: Settling): void {
  const pending = pendingOf(shop, current)
  if (said.type === 'word') {
    answer(shop, picture, pending, said.outcome)
    return
  }
  const doubt = current.doubt || said.type === 'doubt'
  if (!doubt) notDone(shop, picture, { pending, current, error: said.error })
  else inDoubt(shop, picture, { pending, current, error: said.error, giveUp: handler.onUnknown === 'give up' })
}

interface Unsettled {
  readonly pending: Pending
  readonly current: OperationRow
  readonly error: ErrorInfo
}

/** The call surely did not happen, and no earlier one is in doubt. */
function notDone(shop: Shop, picture: Picture, { pending, current, error }: Unsettled): void {
  const { ask, wish } = pending
  const certain = ask.direction === 'undo' || ask.kind === 'retriable'
  const usedUp = current.attempt >= shop.retry.attemptsMax
  if (wish !== null) {
    answer(shop, picture, pending, { status: 'withdrawn', reason: wish.reason })
    return
  }
  const dueAt = picture.now + backoffMs(shop.retry, current.attempt, shop.chance())
  if (!certain && ask.deadline !== null && dueAt > ask.deadline) {
    answer(shop, picture, pending, rejected(EXPIRED, { deadline: ask.deadline }))
    return
  }
  if (usedUp && !certain) {
    answer(shop, picture, pending, { status: 'faulted', error })
    return
  }
  picture.putOperation({ ...current, status: 'set_aside', dueAt })
  const type = usedUp ? 'parked' : 'retrying'
  note(shop, picture, pending, { type, attempt: current.attempt, detail: `${error.code}: ${error.message}` })
}

/** A call may have landed: only the provider's word about the key, or `unknown`, ends it. */
function inDoubt(shop: Shop, picture: Picture, at: Unsettled & { readonly giveUp: boolean }): void {
  const { pending, current, error, giveUp } = at
  const { ask } = pending
  const usedUp = giveUp || current.attempt >= shop.retry.attemptsMax
  const mayAnswer = ask.direction === 'run' && (ask.kind === 'compensatable' || ask.kind === 'check')
  if (usedUp && mayAnswer) {
    answer(shop, picture, pending, { status: 'unknown', error })
    return
  }
  if (giveUp && ask.kind === 'retriable') {
    const said: Answer = { status: 'succeeded', output: { inDoubt: error } }
    answer(shop, picture, pending, said)
    note(shop, picture, pending, { type: 'reconcile', attempt: current.attempt, detail: `given up in doubt: ${error.message}` })
    return
  }
  const next: Time | null = giveUp ? null : picture.now + backoffMs(shop.retry, current.attempt, shop.chance())
  picture.putOperation({ ...current, status: 'calling', doubt: true, dueAt: next, parked: usedUp ? 'IN_DOUBT' : null })
  const type = usedUp ? 'parked' : 'retrying'
  note(shop, picture, pending, { type, attempt: current.attempt, detail: `in doubt: ${error.message}` })
}

/** A word that comes after the row was answered, or taken over, is put on the reconciliation list. */
function late(shop: Shop, picture: Picture, { row, said }: { row: OperationRow; said: Called }): void {
  if (said.type !== 'word') return
  const pending = pendingOf(shop, row)
  const detail = `the provider answered ${said.outcome.status} after the operation was settled or taken over`
  note(shop, picture, pending, { type: 'reconcile', attempt: row.attempt, detail })
}

