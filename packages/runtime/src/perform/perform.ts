// Owns: the verb perform: a batch of work of one participant in one transaction. Load everything in bulk, decide in
// memory, write in bulk, once for all rounds. The only thing it awaits between loading and writing are the calls of
// transaction handlers.
// I1: a pass over the batch is pure; when it needs rows that were not loaded they are loaded and the pass is
// made again.
// I2: work of transaction handlers is decided after the pass, one by one: a repeated message meets the row of
// the first.
import { plain, type Checked, type ErrorInfo, type Message, type Time } from '@ensemble/core'
import { EnsembleError, errorInfo, RERUN } from '../errors.ts'
import type { Stores, Transaction } from '../ports.ts'
import { note, type Shop } from './answer.ts'
import { decideFollow, decideLocal, decideResume } from './decide-own.ts'
import { decideRun } from './decide-run.ts'
import { decideWithdraw } from './decide-withdraw.ts'
import { bury } from '../bury.ts'
import { fault } from './fault.ts'
import { Held } from './held.ts'
import { load, loadMissing } from './load.ts'
import { onRun, onWithdraw } from './operation.ts'
import { isTooOld, pendingRun, tooOld, type TransactionCall } from './pending.ts'
import { Picture, type Loaded, type LocalResult } from './picture.ts'
import type { RunWork, WithdrawWork, Work } from './work.ts'

/** How often a pass may ask for more rows before the batch is refused. */
const PASSES_MAX = 5

export interface Performed {
  readonly messages: readonly Message[]
  /** The time of what was done; 0 when nothing was. */
  readonly at: Time
  readonly results: ReadonlyMap<string, LocalResult>
}

export interface PerformOptions {
  readonly shop: Shop
  readonly stores: Stores
  /** Whether any handler defers: only then are the deferred operations of aggregates loaded with them. */
  readonly defers: boolean
  /** Nothing issued after this can be older than the horizon, so it need not be read. */
  readonly horizonCheckedBefore: (now: Time) => Time
  /**
   * Refuses every run for this reason, as if its tries were used up, and obeys withdraws: the message could not be
   * handled.
   */
  readonly refuse: ErrorInfo | null
  /** Something is due at once: a message, or an effect's call. */
  readonly onDue: () => void
}

/** All that is decided is written in the flush of the COMMIT. */
export async function perform(
  tx: Transaction,
  works: readonly Work[],
  options: PerformOptions,
): Promise<Performed> {
  const held = new Held()
  const performed = await performRound(tx, works, { options, held, since: 0 })
  held.write(tx, options.stores)
  return performed
}

/** One round of several in a transaction: what is decided is held, and written by whoever ends them. */
export async function performRound(
  tx: Transaction,
  works: readonly Work[],
  round: { readonly options: PerformOptions; readonly held: Held; readonly since: Time },
): Promise<Performed> {
  const { options, held, since } = round
  if (works.length === 0) return { messages: [], at: 0, results: new Map() }
  const loaded = await load(tx, works, { ...options, since, held })
  const picture = await passes(tx, loaded, { works: works.filter((work) => !callsSql(work)), options })
  for (const work of works.filter(callsSql)) await decideSql(tx, picture, { work, options })
  held.take(picture)
  if (works.some(callsSql)) held.forgetRead()
  const { messages, now: at, results, deadLetters } = picture
  const told = bury(tx, deadLetters, { service: options.shop.service, stores: options.stores })
  const intended = picture
    .operationChanges()
    .some(({ status, dueAt }) => status === 'set_aside' && dueAt !== null)
  if (intended || picture.scheduled.some(({ dueAt }) => dueAt <= picture.now)) tx.onCommit(options.onDue)
  return { messages: [...messages, ...told], at, results }
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
    if (refuse === null) return picture.whole(() => decideOne(picture, work, shop))
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

/** What is put away is not read any more: to ask its handler for a key may be what kills the worker. */
const UNREAD: Checked<never> = { ok: false, problems: ['it is not read'] }

function refused(picture: Picture, shop: Shop, { work, refuse }: { work: Work; refuse: ErrorInfo }): void {
  if (work.do === 'run') refuseRun(picture, shop, { work: { ...work, input: UNREAD }, refuse })
  if (work.do === 'withdraw') obeyUnread(picture, shop, { work: { ...work, input: UNREAD }, refuse })
}

function refuseRun(
  picture: Picture,
  shop: Shop,
  { work, refuse }: { work: RunWork; refuse: ErrorInfo },
): void {
  // Where the row says what to do no handler is called: it was answered before, and is answered or passed on again.
  if (onRun(picture.operation(work.ask.operation), work).do !== 'handle') {
    decideRun(shop, picture, work)
    return
  }
  // What is too old to be executed is not kept to be tried again, either.
  if (isTooOld(picture, work)) {
    tooOld(shop, picture, work, work.ask.issuedAt)
    return
  }
  const error = Object.assign(new Error(refuse.message), { code: refuse.code })
  faulted(picture, shop, { work: { ...work, attempt: shop.retry.attemptsMax }, error })
}

/** What became of a deferred run only its rule knows; any other is withdrawn without a word of its handler. */
function obeyUnread(
  picture: Picture,
  shop: Shop,
  { work, refuse }: { work: WithdrawWork; refuse: ErrorInfo },
): void {
  const { ask, message, attempt } = work
  if (onWithdraw(picture.operation(ask.operation), work).do !== 'ask the rule') {
    decideWithdraw(shop, picture, work)
    return
  }
  const detail = `dead letter ${message.id}: ${refuse.code}: ${refuse.message}`
  note(shop, picture, work, { type: 'parked', attempt, detail })
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
        call.accepts(plain(said))
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
