// Owns: what reaches an operation's row from outside the bus: a deferred outcome settled by a team's own code,
// and an operator's retry or supplied outcome, in both patterns alike.
// I1: a supplied outcome travels in a withdraw and is stored where the row would become `withdrawn`; an
// answered row wins.
// I2: a retry means "now": the row keeps its number, so that its own later retry is ignored.
// I3: what cannot be refused, an undo or a retriable, is not said to be: no saga could go on.
// I4: an answer sent again is the one that was stored, counted on its row, so that each time passes on once.
import { plain, TOPIC, type Answer, type Message, type Outcome } from '@ensemble/core'
import { EnsembleError } from './errors.ts'
import { answer, type Pending, type Shop } from './perform/answer.ts'
import { messagesOf, sentAgain } from './perform/operation.ts'
import { Picture } from './perform/picture.ts'
import { pendingOf } from './perform/rules.ts'
import { store } from './perform/store.ts'
import { RESUME_TIMER } from './perform/work.ts'
import type { Database, Link, OperationRow, Transaction } from './ports.ts'

export interface Desk {
  readonly shop: Shop
  readonly database: Database
  readonly link: Link
}

export interface Supply {
  /** What the operation ended as, e.g. after looking it up at the provider. */
  readonly outcome: Outcome
  /** Who says so; kept in history. */
  readonly by: string
}

/**
 * Settles a deferred operation in the caller's transaction on the service's own database.
 * Errors: OPERATION_UNKNOWN when it is not stored, OPERATION_SETTLED when it is answered already, OUTCOME_IMPOSSIBLE.
 */
export async function settleIn(
  desk: Desk,
  tx: Transaction,
  { operation, outcome }: { readonly operation: string; readonly outcome: Outcome },
): Promise<void> {
  const row = await stored(desk, tx, operation)
  if (row.status !== 'deferred') {
    throw new EnsembleError('OPERATION_SETTLED', `operation '${operation}' is ${row.status} already`)
  }
  const picture = pictureOf(tx, row)
  const pending = pendingOf(desk.shop, row)
  refuseImpossible(pending, outcome)
  answer(desk.shop, picture, pending, plain(outcome))
  store(tx, picture, { service: desk.shop.service, stores: desk.database.stores })
  await desk.link.put(tx, picture.messages)
}

/**
 * Tries an operation that is set aside, in doubt or parked at once. Errors: OPERATION_UNKNOWN,
 * OPERATION_SETTLED.
 */
export async function retryNow(desk: Desk, operation: string): Promise<void> {
  await desk.link.transaction(async (tx) => {
    const row = await stored(desk, tx, operation)
    if (isEffectThatWaits(row)) {
      const picture = pictureOf(tx, row)
      picture.putOperation({ ...row, dueAt: tx.now })
      store(tx, picture, { service: desk.shop.service, stores: desk.database.stores })
      return { value: undefined, messages: [] }
    }
    return { value: undefined, messages: [retryMessage(desk.shop, row)] }
  })
}

/** A call that is out in its first try is left alone: a second one beside it would put both in doubt. */
function isEffectThatWaits({ status, dueAt, doubt }: OperationRow): boolean {
  return status === 'calling' ? doubt : status === 'set_aside' && dueAt !== null
}

function retryMessage(shop: Shop, row: OperationRow): Message {
  const message = messagesOf(row.origin)[0]
  const topic = TOPIC.commands(shop.service)
  if (message === undefined || (row.status !== 'set_aside' && row.parked === null)) {
    throw new EnsembleError(
      'OPERATION_SETTLED',
      `operation '${row.id}' is ${row.status}; there is nothing to try`,
    )
  }
  const { key } = message
  if (row.status === 'set_aside') {
    const { attempt } = row
    return { type: 'retry', id: `${message.id}~${attempt}!now`, topic, key, attempt, message }
  }
  const id = `${row.id}@${RESUME_TIMER}~${row.attempt}`
  return { type: 'timer', id, topic, key, name: RESUME_TIMER, at: 0, data: row.id, saga: null }
}

/**
 * Supplies the outcome of an operation that is not answered. Errors: OPERATION_UNKNOWN, OPERATION_SETTLED,
 * OUTCOME_IMPOSSIBLE.
 */
export async function supply(desk: Desk, operation: string, { outcome, by }: Supply): Promise<void> {
  await desk.link.transaction(async (tx) => {
    const row = await stored(desk, tx, operation)
    if (row.origin === null || row.parked === 'PLAN_THROWS') {
      throw new EnsembleError('OPERATION_SETTLED', `operation '${operation}' is ${row.status} already`)
    }
    const pending = pendingOf(desk.shop, row)
    refuseImpossible(pending, outcome)
    const { saga, ask, slip, origin } = pending
    const plan = slip?.state ?? (origin !== null && 'plan' in origin ? origin.plan : null)
    if (plan === null) throw new EnsembleError('OPERATION_UNKNOWN', `operation '${operation}' names no plan`)
    const { version, fingerprint } = plan
    const said: Answer = plain(outcome)
    const message: Message = {
      type: 'withdraw',
      id: `${operation}#supply~${tx.now}`,
      topic: TOPIC.commands(desk.shop.service),
      key: saga.id,
      saga,
      plan: { version, fingerprint },
      ask,
      cancel: { reason: `outcome supplied by ${by}`, by },
      supply: said,
      issuedAt: tx.now,
    }
    return { value: undefined, messages: [message] }
  })
}

function refuseImpossible({ ask }: Pending, { status }: Outcome): void {
  if (status === 'succeeded' || (ask.direction === 'run' && ask.kind !== 'retriable')) return
  const what = ask.direction === 'undo' ? 'an undo' : 'a retriable'
  throw new EnsembleError('OUTCOME_IMPOSSIBLE', `'${ask.operation}' is ${what}: it cannot be ${status}`)
}

/** Sends the stored answer of an operation again; false when none was sent yet. */
export async function answerAgain(desk: Desk, operation: string): Promise<boolean> {
  return await desk.link.transaction(async (tx) => {
    const [row] = await loaded(desk, tx, operation)
    if (row === undefined || row.sent === null || row.parked !== null) return { value: false, messages: [] }
    const again = row.again + 1
    const picture = pictureOf(tx, row)
    picture.putOperation({ ...row, again })
    store(tx, picture, { service: desk.shop.service, stores: desk.database.stores })
    return { value: true, messages: sentAgain(row, again) }
  })
}

async function stored(desk: Desk, tx: Transaction, operation: string): Promise<OperationRow> {
  const [row] = await loaded(desk, tx, operation)
  if (row === undefined) throw new EnsembleError('OPERATION_UNKNOWN', `no operation '${operation}' is stored`)
  return row
}

function loaded({ database }: Desk, tx: Transaction, operation: string): Promise<readonly OperationRow[]> {
  return database.stores.operations.load(tx, { ids: [operation], deferredOf: [] })
}

function pictureOf(tx: Transaction, row: OperationRow): Picture {
  return new Picture({
    now: tx.now,
    horizon: 0,
    operations: new Map([[row.id, row]]),
    rows: new Map(),
    claims: new Map(),
  })
}
