// Owns: the starter's side of sagas: starting, cancelling, asking how they stand, waiting for their end.
// I1: a start row commits with its message; what is waited for is read from the row, and the news only wakes
// the reader.
import { spanMs, type Message, type Pattern, type Plan, type SagaRef, type Span } from '@ensemble/core'
import { act, type ActOptions } from './act.ts'
import { idsOf, timeOf } from './advance/advance.ts'
import { heardIn } from './advance/signals.ts'
import { tell } from './diagnostics.ts'
import { EnsembleError, errorInfo } from './errors.ts'
import { sagaKey } from './letters.ts'
import type { Clock, Database, Link, Queryable, SagaRow, StartEnd, StartRow, Transaction } from './ports.ts'
import { Apart } from './shell/apart.ts'
import { gathered } from './shell/gather.ts'
import { rerun } from './shell/race.ts'
import {
  cancelMessage,
  checkedStart,
  startAgain,
  decideStarts,
  type CancelRequest,
  type Started,
  type Starting,
  type StartRequest,
} from './start.ts'
import { typed } from './typed.ts'

/** Names a saga to its starter. */
export interface SagaName {
  readonly plan: string
  readonly id: string
}

export interface SagaStatus {
  readonly saga: SagaRef
  readonly status: 'running' | 'completed' | 'compensated'
  readonly data: unknown
  readonly startedAt: number
}

export interface StarterOptions {
  readonly service: string
  readonly database: Database
  readonly link: Link
  readonly clock: Clock
  readonly pattern: Pattern
  /** What the host does with what it starts itself: what it orchestrates it begins at once. */
  readonly act: Omit<ActOptions, 'starter'>
  /** The process before this one did not stop: what a start asks for may have killed it. */
  readonly wasKilled: boolean
  readonly stopping: AbortSignal
}

/** Starts that share a transaction: enough to spread a commit, few enough for a short one. */
const START_COUNT_MAX = 100
const STATUS_COUNT_MAX = 500
const ENDED_POLL_MS = 500
/** Batches of starts that look for earlier ones first, after one that met one. */
const LOOKS_AFTER_MEETING = 50
/** Sagas that are known to run because they were started here and no end was heard. */
const OPEN_COUNT_MAX = 10_000
/** Whoever was not told of a start sends it again by then; what kills is found once its start is stored. */
const APART_AFTER_KILL_MS = 600_000
/** The database is away, or nobody knows whether it has committed. */
const GONE: ReadonlySet<string> = new Set(['CONNECTION', 'COMMIT_UNKNOWN', 'ENDED'])
/** Nobody reads it: a reason of its own for each wake-up would cost a stack trace. */
const TOLD = 'told'

/** What the tries of a batch of starts know of each other. */
interface Tries {
  looks: boolean
  /** The next one does at home what the starts ask of this host. */
  isAtHome: boolean
  /** The last one did. */
  wasAtHome: boolean
  wasEverAtHome: boolean
}

interface Stored {
  readonly value: readonly (Started | Error)[]
  readonly messages: readonly Message[]
}

interface Hearing {
  /** Aborted when the end is told, or the host stops. */
  readonly signal: AbortSignal
  /** How the saga ended, once that was told. */
  readonly end: () => StartEnd | null
  readonly forget: () => void
}

export class Starter {
  readonly #options: StarterOptions
  readonly #act: ActOptions
  readonly #apart = new Apart()
  readonly #apartUntil: number
  readonly #waiters = new Map<string, Set<(end: StartEnd) => void>>()
  readonly #open = new Map<string, SagaStatus>()
  readonly #asleep = new Set<AbortController>()
  #looksLeft = 0
  readonly #startOne: (starting: Starting) => Promise<Started>
  readonly #statusOne: (saga: SagaName) => Promise<SagaStatus | null>

  constructor(options: StarterOptions) {
    this.#options = options
    this.#act = { ...options.act, starter: this }
    this.#apartUntil = options.wasKilled ? options.clock.now() + APART_AFTER_KILL_MS : 0
    options.stopping.addEventListener('abort', () => {
      for (const sleeper of this.#asleep) sleeper.abort(TOLD)
    })
    this.#startOne = gathered((starting) => this.#startBatch(starting), {
      countMax: START_COUNT_MAX,
      lengthOf: ({ print }) => print.length,
    })
    this.#statusOne = gathered((sagas) => this.#statuses(sagas), { countMax: STATUS_COUNT_MAX })
  }

  async start<Input>(plan: Plan<Input>, request: StartRequest<Input>): Promise<Started> {
    return await this.#startOne(checkedStart(typed(plan), request, this.#options.pattern))
  }

  async startIn<Input>(tx: Queryable, plan: Plan<Input>, request: StartRequest<Input>): Promise<Started> {
    const { database, clock, link, pattern } = this.#options
    const starting = checkedStart(typed(plan), request, pattern)
    const { starts } = database.stores
    const stored = await starts.load(tx, [starting.saga])
    const { answers, rows, messages } = decideStarts([starting], stored, clock.now())
    if (rows.length > 0) await starts.insert(tx, rows)
    const [answer] = answers
    if (answer === undefined) throw new Error('the start was not answered')
    if (answer instanceof Error) throw answer
    await link.put(tx, messages)
    return answer
  }

  async cancel(saga: SagaName, request: CancelRequest): Promise<void> {
    await this.#options.link.transaction(async (tx) => {
      const message = cancelMessage(await this.#stored(tx, saga), request, tx.now)
      return { value: undefined, messages: [message] }
    })
  }

  async cancelIn(tx: Queryable, saga: SagaName, request: CancelRequest): Promise<void> {
    const { clock, link } = this.#options
    await link.put(tx, [cancelMessage(await this.#stored(tx, saga), request, clock.now())])
  }

  async repair(saga: SagaName, again: number): Promise<void> {
    await this.#options.link.transaction(async (tx) => {
      return { value: undefined, messages: startAgain(await this.#stored(tx, saga), again) }
    })
  }

  async status(saga: SagaName): Promise<SagaStatus | null> {
    return await this.#statusOne(saga)
  }

  async ended(saga: SagaName, { within }: { readonly within: Span }): Promise<SagaStatus> {
    const { clock, stopping } = this.#options
    const deadline = clock.now() + spanMs(within)
    for (;;) {
      if (stopping.aborted) throw new EnsembleError('HOST_STOPPED', 'the host is stopped')
      const heard = this.#hearEnd(saga)
      // Once only: an end that another instance heard is in the row.
      const open = this.#open.get(sagaKey(saga))
      this.#open.delete(sagaKey(saga))
      const status = open ?? (await this.status(saga))
      if (status === null) throw unknownSaga(saga)
      const left = deadline - clock.now()
      if (status.status !== 'running' || left <= 0) {
        heard.forget()
        return status
      }
      await clock.sleep(Math.min(left, ENDED_POLL_MS), heard.signal)
      heard.forget()
      const end = heard.end()
      if (end !== null) return { ...status, status: end.status, data: end.data }
    }
  }

  /** Tells those who wait for these sagas how they ended. */
  tellEnds(ends: readonly StartEnd[]): void {
    for (const end of ends) {
      const key = sagaKey(end.saga)
      this.#open.delete(key)
      for (const waiter of this.#waiters.get(key) ?? []) waiter(end)
    }
  }

  async #statuses(sagas: readonly SagaName[]): Promise<readonly (SagaStatus | null)[]> {
    const { database } = this.#options
    const rows = await database.stores.starts.load(database, sagas)
    const known = new Map(rows.map((row) => [sagaKey(row.saga), row]))
    return sagas.map((saga) => {
      const row = known.get(sagaKey(saga))
      if (row === undefined) return null
      const { ended, startedAt } = row
      return { saga: row.saga, status: ended?.status ?? 'running', data: ended?.data ?? null, startedAt }
    })
  }

  async #startBatch(starting: readonly Starting[]): Promise<readonly (Started | Error)[]> {
    const { link, service } = this.#options
    const tries: Tries = {
      looks: this.#looksFirst(starting),
      isAtHome: !this.#apart.isNext && this.#options.clock.now() >= this.#apartUntil,
      wasAtHome: false,
      wasEverAtHome: false,
    }
    const store = async (): Promise<Stored['value']> =>
      await rerun(() => link.transaction((tx) => this.#store(tx, starting, tries)))
    const answers = await store().catch(async (error: unknown) => {
      const { code } = errorInfo(error)
      if (!tries.wasAtHome) throw error
      // A lock that was waited for says as little about what was asked for as a lost race.
      if (code === 'TIMEOUT') this.#apart.raced()
      else this.#apart.failed(code)
      if (GONE.has(code)) throw error
      return await store()
    })
    this.#apart.done()
    if (tries.wasEverAtHome && !tries.wasAtHome) this.#apart.raced()
    tell('start', { service, count: starting.length })
    return answers
  }

  async #store(tx: Transaction, starting: readonly Starting[], tries: Tries): Promise<Stored> {
    const { starts } = this.#options.database.stores
    const sagas = starting.map(({ saga }) => saga)
    const [before, own] = tries.looks
      ? await Promise.all([starts.load(tx, sagas), this.#loadOwn(tx, sagas)])
      : [[], []]
    if (before.length + own.length > 0) {
      this.#looksLeft = LOOKS_AFTER_MEETING
      // Their rows are locked; those of the first steps must not be after them.
      tries.isAtHome = false
    }
    const { answers, rows, messages } = decideStarts(starting, before, await timeOf(tx))
    const isLooked = tries.looks
    // What was stored before refuses its row; then it is looked for.
    tries.looks = true
    // One that cannot be begun has no row to be refused.
    if (!isLooked && answers.some((answer) => answer instanceof Error))
      return await this.#store(tx, starting, tries)
    if (rows.length > 0) tx.defer(starts.insert(tx, rows))
    // Before the ends among them are told.
    tx.onCommit(() => this.#openAll(answers))
    const onHome = tries.isAtHome ? atHome(tx, tries) : null
    tries.isAtHome = false
    tries.wasAtHome = false
    const advances = this.#act.advance === null ? [] : messages.flatMap((message) => heardIn(message))
    const begun = new Set<Message>(advances.map(({ message }) => message))
    const sent = messages.filter((message) => !begun.has(message))
    const reached = { works: [], advances, ends: [], sent, rows: own }
    return { value: answers, messages: await act(tx, reached, { options: this.#act, onHome }) }
  }

  /** The rows that may be there already: of a saga that was cancelled before its start. */
  async #loadOwn(tx: Transaction, sagas: readonly SagaRef[]): Promise<readonly SagaRow[]> {
    const { advance } = this.#act
    if (advance === null) return []
    const own = sagas.filter(({ pattern }) => pattern === 'orchestration')
    return await advance.stores.sagas.load(tx, idsOf(own.map((saga) => ({ saga }))))
  }

  /** Most starts are the first of their saga, and need not look: its row would be refused. */
  #looksFirst(starting: readonly Starting[]): boolean {
    const looks = this.#looksLeft > 0 || starting.some(({ saga }) => this.#open.has(sagaKey(saga)))
    this.#looksLeft = Math.max(0, this.#looksLeft - 1)
    return looks
  }

  #openAll(answers: readonly (Started | Error)[]): void {
    for (const answer of answers) if (!(answer instanceof Error) && answer.isNew) this.#opened(answer)
  }

  #opened({ saga, startedAt }: Started): void {
    this.#open.set(sagaKey(saga), { saga, status: 'running', data: null, startedAt })
    const [oldest] = this.#open.size > OPEN_COUNT_MAX ? this.#open.keys() : []
    if (oldest !== undefined) this.#open.delete(oldest)
  }

  async #stored(tx: Queryable, saga: SagaName): Promise<StartRow> {
    const [row] = await this.#options.database.stores.starts.load(tx, [saga])
    if (row === undefined) throw unknownSaga(saga)
    return row
  }

  #hearEnd(saga: SagaName): Hearing {
    const key = sagaKey(saga)
    const heard = new AbortController()
    let told: StartEnd | null = null
    const waiter = (end: StartEnd): void => {
      told = end
      heard.abort(TOLD)
    }
    const waiters = this.#waiters.get(key) ?? new Set()
    this.#waiters.set(key, waiters.add(waiter))
    this.#asleep.add(heard)
    const forget = (): void => {
      this.#asleep.delete(heard)
      waiters.delete(waiter)
      if (waiters.size === 0) this.#waiters.delete(key)
    }
    return { signal: heard.signal, end: () => told, forget }
  }
}

/** What is tried again without may as well be in a hurry. */
function atHome(tx: Transaction, tries: Tries): () => void {
  return () => {
    if (!tries.wasAtHome) tx.hurry?.()
    tries.wasAtHome = true
    tries.wasEverAtHome = true
  }
}

function unknownSaga({ plan, id }: SagaName): EnsembleError {
  return new EnsembleError('SAGA_UNKNOWN', `no saga '${plan}' '${id}' was started here`)
}
