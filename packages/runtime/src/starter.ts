// Owns: the starter's side of sagas: starting, cancelling, asking how they stand, waiting for their end.
// I1: a start row commits with its message; what is waited for is read from the row, and the news only wakes
// the reader.
import { spanMs, type Message, type Pattern, type Plan, type SagaRef, type Span } from '@ensemble/core'
import { act } from './act.ts'
import { idsOf, timeOf, type AdvanceOptions } from './advance/advance.ts'
import { heardIn } from './advance/signals.ts'
import { tell } from './diagnostics.ts'
import { EnsembleError } from './errors.ts'
import type { EndsHeard, Runner } from './home.ts'
import { KnownSagas } from './known.ts'
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
  /** For each batch of starts side by side. */
  readonly runners: readonly Runner[]
  /** Starts that share a transaction: enough to spread a commit, few enough for a short one. */
  readonly countMax: number
  /** The process before this one did not stop: what a start asks for may have killed it. */
  readonly wasKilled: boolean
  readonly stopping: AbortSignal
}

/** Part of a full batch that waits until another one begins beside the one under way. */
const LANE_PART = 0.2
const STATUS_COUNT_MAX = 500
const ENDED_POLL_MS = 500
/** Batches of starts that look for earlier ones first, after one that met one. */
const LOOKS_AFTER_MEETING = 50
/** Nobody reads it: a reason of its own for each wake-up would cost a stack trace. */
const TOLD = 'told'

/** Whether the next try of a batch of starts looks for earlier ones first. */
interface Looks {
  looks: boolean
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

export class Starter implements EndsHeard {
  readonly #options: StarterOptions
  readonly #apart: Apart
  readonly #waiters = new Map<string, Set<(end: StartEnd) => void>>()
  readonly #known = new KnownSagas()
  /** By the batches under way. */
  readonly #starting = new Set<string>()
  readonly #asleep = new Set<AbortController>()
  #looksLeft = 0
  readonly #startOne: (starting: Starting) => Promise<Started>
  readonly #statusOne: (saga: SagaName) => Promise<SagaStatus | null>

  constructor(options: StarterOptions) {
    this.#options = options
    this.#apart = new Apart(options)
    options.stopping.addEventListener('abort', () => {
      for (const sleeper of this.#asleep) sleeper.abort(TOLD)
    })
    const { runners, countMax } = options
    this.#startOne = gathered((starting, lane) => this.#startBatch(starting, runners[lane]), {
      countMax,
      lengthOf: ({ print }) => print.length,
      lanes: { count: runners.length, waitingMin: Math.ceil(countMax * LANE_PART) },
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
    return this.#known.endOf(saga) ?? (await this.#statusOne(saga))
  }

  async ended(saga: SagaName, { within }: { readonly within: Span }): Promise<SagaStatus> {
    const { clock, stopping } = this.#options
    const deadline = clock.now() + spanMs(within)
    for (;;) {
      if (stopping.aborted) throw new EnsembleError('HOST_STOPPED', 'the host is stopped')
      const heard = this.#hearEnd(saga)
      try {
        const status = this.#known.takeOpen(saga) ?? (await this.status(saga))
        if (status === null) throw unknownSaga(saga)
        const left = deadline - clock.now()
        if (status.status !== 'running' || left <= 0) return status
        await clock.sleep(Math.min(left, ENDED_POLL_MS), heard.signal)
        const end = heard.end()
        if (end !== null) return { ...status, status: end.status, data: end.data }
      } finally {
        heard.forget()
      }
    }
  }

  hasStarted(saga: SagaName): boolean {
    const key = sagaKey(saga)
    // Who waits has taken it from those that are known to run.
    return this.#known.isOpen(saga) || this.#starting.has(key) || this.#waiters.has(key)
  }

  /** Tells those who wait for these sagas how they ended. */
  tellEnds(ends: readonly StartEnd[]): void {
    for (const end of ends) {
      this.#known.ended(end)
      for (const waiter of this.#waiters.get(sagaKey(end.saga)) ?? []) waiter(end)
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

  async #startBatch(
    starting: readonly Starting[],
    runner: Runner | undefined,
  ): Promise<readonly (Started | Error)[]> {
    if (runner === undefined) throw new Error('nobody decides on the starts of this lane')
    const { link, service } = this.#options
    const look: Looks = { looks: this.#looksFirst(starting) }
    const keys = starting.map(({ saga }) => sagaKey(saga))
    for (const key of keys) this.#starting.add(key)
    const answers = await this.#apart
      .tried((tries) =>
        rerun(() =>
          runner.run(() =>
            link.transaction((tx) => this.#store(tx, starting, { look, runner, onHome: tries.onHome() })),
          ),
        ),
      )
      .finally(() => {
        for (const key of keys) this.#starting.delete(key)
      })
    tell('start', { service, count: starting.length })
    return answers
  }

  async #store(
    tx: Transaction,
    starting: readonly Starting[],
    how: { readonly look: Looks; readonly runner: Runner; readonly onHome: (() => void) | null },
  ): Promise<Stored> {
    const { look, runner } = how
    const advance = runner.adviceOf(runner.member)
    const { starts } = this.#options.database.stores
    const sagas = starting.map(({ saga }) => saga)
    const [before, own] = look.looks
      ? await Promise.all([starts.load(tx, sagas), loadOwn(tx, sagas, advance)])
      : [[], []]
    const isMet = before.length + own.length > 0
    if (isMet) this.#looksLeft = LOOKS_AFTER_MEETING
    const { answers, rows, messages } = decideStarts(starting, before, await timeOf(tx))
    const isLooked = look.looks
    // What was stored before refuses its row; then it is looked for.
    look.looks = true
    // One that cannot be begun has no row to be refused.
    if (!isLooked && answers.some((answer) => answer instanceof Error))
      return await this.#store(tx, starting, how)
    if (rows.length > 0) tx.defer(starts.insert(tx, rows))
    // Before the ends among them are told.
    tx.onCommit(() => this.#openAll(answers))
    const advances = advance === null ? [] : messages.flatMap((message) => heardIn(message))
    const begun = new Set<Message>(advances.map(({ message }) => message))
    const sent = messages.filter((message) => !begun.has(message))
    const reached = { works: [], advances, ends: [], sent, rows: own }
    // Their rows are locked; those of the first steps must not be after them.
    const onHome = isMet ? null : how.onHome
    return {
      value: answers,
      messages: (await act(tx, reached, { runner, onHome })).messages,
    }
  }

  /** Most starts are the first of their saga, and need not look: its row would be refused. */
  #looksFirst(starting: readonly Starting[]): boolean {
    const looks = this.#looksLeft > 0 || starting.some(({ saga }) => this.#known.isOpen(saga))
    this.#looksLeft = Math.max(0, this.#looksLeft - 1)
    return looks
  }

  #openAll(answers: readonly (Started | Error)[]): void {
    for (const answer of answers)
      if (!(answer instanceof Error) && answer.isNew) this.#known.opened(answer.saga, answer.startedAt)
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

/** The rows that may be there already: of a saga that was cancelled before its start. */
async function loadOwn(
  tx: Transaction,
  sagas: readonly SagaRef[],
  advance: AdvanceOptions | null,
): Promise<readonly SagaRow[]> {
  if (advance === null) return []
  const own = sagas.filter(({ pattern }) => pattern === 'orchestration')
  return await advance.stores.sagas.load(tx, idsOf(own.map((saga) => ({ saga }))))
}
