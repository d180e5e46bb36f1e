// Owns: the worker of effects: takes due intents, calls the outside world, stores the outcome in a second
// transaction.
// I1: a call is made only after its intent is stored as `calling`; the operation's id is the idempotency key.
// I2: an outcome is stored only while the row is `calling` in this very attempt.
// I3: once a call is in doubt only the provider's word about the key, or `unknown`, ends it: never expired,
// faulted or withdrawn.
// I4: a call that would begin after its deadline is not made; one that is in doubt is made all the same.
// I5: a call that would begin after its lease is not made: it surely was not done, unless another worker has taken it.
// I6: a provider without keys is not called again once a call of it is in doubt, unless an operator says so.
// I7: a pivot, retriable or undo never answers `unknown`: it is called on, with capped backoff, shown as
// parked.
import {
  backoffMs,
  EXPIRED,
  rejected,
  type Answer,
  type ErrorInfo,
  type Message,
  type Outcome,
  type Time,
} from '@ensemble/core'
import { tell, type CallTold } from './diagnostics.ts'
import { errorInfo } from './errors.ts'
import { NotDone, type EffectHandler } from './handlers.ts'
import { answer, note, type Pending, type Shop } from './perform/answer.ts'
import { effectOwner } from './perform/pending.ts'
import { Picture } from './perform/picture.ts'
import { store } from './perform/store.ts'
import { pendingOf } from './perform/rules.ts'
import { checkedOnce, validInput } from './perform/work.ts'
import type { Clock, Database, Link, OperationRow, Stopwatch, Transaction } from './ports.ts'
import { rerun } from './shell/race.ts'

export interface EffectOptions {
  readonly shop: Shop
  readonly database: Database
  readonly link: Link
  readonly clock: Clock & Stopwatch
  readonly handlers: readonly EffectHandler[]
  /** Rings when a call has ended, so that the next due intent is taken at once. */
  readonly onDone: () => void
}

/** A call is another worker's after its own time-out and this much more, milliseconds. */
const LEASE_SLACK_MS = 5_000

export class EffectWorker {
  readonly #options: EffectOptions
  readonly #running = new Map<Promise<void>, string>()

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
    await Promise.all(this.#running.keys())
  }

  async #takeDue(group: readonly EffectHandler[]): Promise<number> {
    const [first] = group
    if (first === undefined) return 0
    const { provider } = first
    const out = [...this.#running.values()].filter((other) => other === provider).length
    const countMax = Math.min(...group.map((handler) => handler.concurrency)) - out
    if (countMax <= 0) return 0
    const leaseMs = Math.max(...group.map((handler) => handler.timeoutMs)) + LEASE_SLACK_MS
    const { database, shop, clock } = this.#options
    // Before the claim, so that the lease is never believed to be longer than it is.
    const isOver = inTime(clock, leaseMs)
    const { rows, now } = await database.transaction(async (tx) => {
      const due = await database.stores.operations.claimDue(tx, {
        owners: [effectOwner(first)],
        leaseMs,
        countMax,
      })
      const known = due.filter((row) => this.#handlerOf(row) !== null)
      const dueAt = tx.now + shop.retry.delayMsMax
      const changed = [
        ...due.filter((row) => !known.includes(row)).map((row) => givenBack(row, dueAt)),
        ...known.filter((row) => this.#isAskedByOperator(row)).map((row) => ({ ...row, parked: null })),
      ]
      if (changed.length > 0) tx.defer(database.stores.operations.update(tx, changed))
      return { rows: known, now: tx.now }
    })
    for (const row of rows) this.#spawn(row, { provider, now, isOver })
    if (rows.length > 0) tell('effect', { service: shop.service, count: rows.length })
    return rows.length
  }

  /** Null where a newer instance has stored what this one cannot call, or whose turn it could not pass on. */
  #handlerOf(row: OperationRow): EffectHandler | null {
    const { shop, handlers } = this.#options
    try {
      const { ask, saga, slip } = pendingOf(shop, row)
      if (slip !== null) shop.plans.find(saga.plan, slip.state)
      return handlers.find((handler) => handler.ref.request === ask.request) ?? null
    } catch (error) {
      tell('error', { service: shop.service, detail: 'effect', error })
      return null
    }
  }

  /** One that gives up in doubt is called again only when an operator wants it, and then once. */
  #isAskedByOperator(row: OperationRow): boolean {
    return row.parked !== null && this.#handlerOf(row)?.onUnknown === 'give up'
  }

  #spawn(row: OperationRow, { provider, now, isOver }: Claimed & { provider: string }): void {
    const run = this.#call(row, { now, isOver })
      .catch((error: unknown) =>
        tell('error', { service: this.#options.shop.service, detail: 'effect', error }),
      )
      .finally(() => {
        this.#running.delete(run)
        this.#options.onDone()
      })
    this.#running.set(run, provider)
  }

  async #call(row: OperationRow, { now, isOver }: Claimed): Promise<void> {
    const pending = pendingOf(this.#options.shop, row)
    const handler = this.#handlerOf(row)
    if (handler === null) return
    const about = { handler, deadline: pending.ask.deadline, now, isOverslept: isOver() }
    const uncalled = whyNotCalled(row, about)
    const said = uncalled ?? (await this.#tellCall(handler, { row, pending }))
    await this.#store(row, { handler, said })
  }

  async #tellCall(handler: EffectHandler, about: { row: OperationRow; pending: Pending }): Promise<Called> {
    const { clock, shop } = this.#options
    const beganAt = clock.now()
    const said = await callProvider(handler, { ...about, clock })
    const told: CallTold = {
      service: shop.service,
      saga: about.pending.saga,
      operation: about.row.id,
      attempt: about.row.attempt,
      beganAt,
      endedAt: clock.now(),
      said: said.type === 'word' ? said.outcome.status : said.type,
    }
    tell('call', told)
    return said
  }

  async #store(row: OperationRow, heard: { handler: EffectHandler; said: Called }): Promise<void> {
    const { link, database, shop } = this.#options
    const stored = async (tx: Transaction): Promise<{ value: undefined; messages: readonly Message[] }> => {
      const [current] = await database.stores.operations.load(tx, { ids: [row.id], deferredOf: [] })
      const loaded = {
        now: tx.now,
        horizon: 0,
        operations: new Map<string, OperationRow>(),
        rows: new Map(),
        claims: new Map(),
      }
      const picture = new Picture(loaded)
      if (current !== undefined) {
        loaded.operations.set(current.id, current)
        const mine = current.status === 'calling' && current.attempt === row.attempt
        if (mine) settle(shop, picture, { current, ...heard })
        else late(shop, picture, { row, said: heard.said })
      }
      store(tx, picture, { service: shop.service, stores: database.stores })
      return { value: undefined, messages: picture.messages }
    }
    await rerun(() => link.transaction(stored))
  }
}

/** As before it was claimed, due again later: no call was made. */
function givenBack(row: OperationRow, dueAt: Time): OperationRow {
  return { ...row, status: row.doubt ? 'calling' : 'set_aside', attempt: row.attempt - 1, dueAt }
}

function byProvider(handlers: readonly EffectHandler[]): readonly (readonly EffectHandler[])[] {
  return [...Map.groupBy(handlers, (handler) => handler.provider).values()]
}

interface Claimed {
  readonly now: Time
  /** Whether the row may be due again, and another worker's. */
  readonly isOver: () => boolean
}

/** By both clocks: the one may be set back while a worker is stopped, the other may stand still with its machine. */
function inTime(clock: Clock & Stopwatch, ms: number): () => boolean {
  const [at, elapsed] = [clock.now() + ms, clock.elapsed() + ms]
  return () => clock.now() >= at || clock.elapsed() >= elapsed
}

type Called =
  | { readonly type: 'word'; readonly outcome: Outcome }
  | { readonly type: 'not done'; readonly error: ErrorInfo }
  | { readonly type: 'doubt'; readonly error: ErrorInfo }
  /** Not called: it was too late to begin. */
  | { readonly type: 'expired' }

/** It was stopped since its claim: another worker has made this call, or may, and be told that nothing was done. */
const OVERSLEPT: ErrorInfo = { code: 'OVERSLEPT', message: 'its worker was stopped until its time was over' }
const TAKEN_OVER: ErrorInfo = { code: 'IN_DOUBT', message: 'its worker died in a call that may have landed' }

/** What is said of an intent that is due without calling its provider; null when it is to be called. */
function whyNotCalled(
  { doubt, parked }: OperationRow,
  at: { handler: EffectHandler; deadline: Time | null; now: Time; isOverslept: boolean },
): Called | null {
  const { handler, deadline, now, isOverslept } = at
  if (isOverslept) return { type: 'not done', error: OVERSLEPT }
  if (!doubt) return deadline !== null && now > deadline ? { type: 'expired' } : null
  return handler.onUnknown === 'give up' && parked === null ? { type: 'doubt', error: TAKEN_OVER } : null
}

async function callProvider(
  handler: EffectHandler,
  call: { row: OperationRow; pending: Pending; clock: Clock },
): Promise<Called> {
  const { row, pending, clock } = call
  const { ask, saga } = pending
  const run = ask.direction === 'undo' ? row.id.replace(/undo$/, 'run') : null
  const timeout = new AbortController()
  const over = new AbortController()
  const { signal } = timeout
  const called = async (): Promise<Outcome> => {
    const input = validInput(handler.ref, checkedOnce(handler.ref.spec.input, ask.input))
    return await handler.call({ input, operation: row.id, run, attempt: row.attempt, signal, saga })
  }
  const timedOut = async (): Promise<never> => {
    await clock.sleep(handler.timeoutMs, over.signal)
    if (!over.signal.aborted) timeout.abort()
    throw new Error(`no answer within ${handler.timeoutMs} ms`)
  }
  try {
    return { type: 'word', outcome: await Promise.race([called(), timedOut()]) }
  } catch (error) {
    return { type: error instanceof NotDone ? 'not done' : 'doubt', error: errorInfo(error) }
  } finally {
    over.abort()
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
  if (said.type === 'expired') {
    answer(shop, picture, pending, rejected(EXPIRED, { deadline: pending.ask.deadline }))
    return
  }
  const doubt = current.doubt || said.type === 'doubt'
  if (!doubt) notDone(shop, picture, { pending, current, error: said.error })
  else
    inDoubt(shop, picture, { pending, current, error: said.error, giveUp: handler.onUnknown === 'give up' })
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
    note(shop, picture, pending, {
      type: 'reconcile',
      attempt: current.attempt,
      detail: `given up in doubt: ${error.message}`,
    })
    return
  }
  const next: Time | null = giveUp
    ? null
    : picture.now + backoffMs(shop.retry, current.attempt, shop.chance())
  picture.putOperation({
    ...current,
    status: 'calling',
    doubt: true,
    dueAt: next,
    parked: usedUp ? 'IN_DOUBT' : null,
  })
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
