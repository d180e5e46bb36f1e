// Owns: the starter's side of sagas: starting, cancelling, asking how they stand, waiting for their end.
// I1: a start row commits with its message; what is waited for is read from the row, and the news only wakes
// the reader.
import { spanMs, type Message, type Pattern, type Plan, type SagaRef, type Span } from '@ensemble/core'
import { timeOf, type AdvanceOptions } from './advance/advance.ts'
import { beginOwn, loadOwn } from './advance/own.ts'
import { tell } from './diagnostics.ts'
import { EnsembleError } from './errors.ts'
import { sagaKey } from './letters.ts'
import type { Clock, Database, Link, Queryable, StartEnd, StartRow, Transaction } from './ports.ts'
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
  /** Of a host that orchestrates, too: what it starts it begins at once. */
  readonly advance: AdvanceOptions | null
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
/** Nobody reads it: a reason of its own for each wake-up would cost a stack trace. */
const TOLD = 'told'

interface Hearing {
  /** Aborted when the end is told, or the host stops. */
  readonly signal: AbortSignal
  /** How the saga ended, once that was told. */
  readonly end: () => StartEnd | null
  readonly forget: () => void
}

export class Starter {
  readonly #options: StarterOptions
  readonly #waiters = new Map<string, Set<(end: StartEnd) => void>>()
  readonly #open = new Map<string, SagaStatus>()
  readonly #asleep = new Set<AbortController>()
  #looksLeft = 0
  readonly #startOne: (starting: Starting) => Promise<Started>
  readonly #statusOne: (saga: SagaName) => Promise<SagaStatus | null>

  constructor(options: StarterOptions) {
    this.#options = options
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
    const { database, link, service, advance } = this.#options
    const sagas = starting.map(({ saga }) => saga)
    let looks = this.#looksFirst(sagas)
    type Stored = { value: readonly (Started | Error)[]; messages: readonly Message[] }
    const stored = async (tx: Transaction): Promise<Stored> => {
      const { starts } = database.stores
      const [before, own] = looks
        ? await Promise.all([starts.load(tx, sagas), advance === null ? [] : loadOwn(tx, sagas, advance)])
        : [[], []]
      if (before.length + own.length > 0) this.#looksLeft = LOOKS_AFTER_MEETING
      const { answers, rows, messages } = decideStarts(starting, before, await timeOf(tx))
      // One that cannot be begun has no row to be refused by what was stored before.
      if (!looks && answers.some((answer) => answer instanceof Error)) {
        looks = true
        return await stored(tx)
      }
      // What was stored before refuses its row; then it is looked for.
      looks = true
      if (rows.length > 0) tx.defer(starts.insert(tx, rows))
      if (advance === null) return { value: answers, messages }
      return { value: answers, messages: await beginOwn(tx, messages, { rows: own, options: advance }) }
    }
    const answers = await rerun(() => link.transaction(stored))
    for (const answer of answers) if (!(answer instanceof Error) && answer.isNew) this.#opened(answer)
    tell('start', { service, count: starting.length })
    return answers
  }

  /** Most starts are the first of their saga, and need not look: its row would be refused. */
  #looksFirst(sagas: readonly SagaRef[]): boolean {
    const looks = this.#looksLeft > 0 || sagas.some((saga) => this.#open.has(sagaKey(saga)))
    this.#looksLeft = Math.max(0, this.#looksLeft - 1)
    return looks
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

function unknownSaga({ plan, id }: SagaName): EnsembleError {
  return new EnsembleError('SAGA_UNKNOWN', `no saga '${plan}' '${id}' was started here`)
}
