// Owns: the host of one service: its one connection to the bus, its loops, and the user's API.
// I1: everything it holds is on disk; it may be killed at any moment and any instance goes on.
// I2: stop() ends the batch under way, then the loops, then the connection.
import type { InputOf, Outcome, OutcomeOf, Plan, RequestRef, RequestSpec, Span } from '@ensemble/core'
import { systemClock } from './clock.ts'
import { EffectWorker } from './effects.ts'
import { EnsembleError } from './errors.ts'
import type { EffectHandler, Settlement } from './handlers.ts'
import { homeOf, Runner, type EndsHeard, type Home, type Member } from './home.ts'
import { systemIds } from './ids.ts'
import { answerAgain, retryNow, settleIn, supply, type Desk, type Supply } from './operator.ts'
import type { ExecuteOptions, Host, HostOptions } from './host-api.ts'
import { callsOf } from './perform/execute.ts'
import type { PerformOptions } from './perform/perform.ts'
import { checkedOnce, serviceOf, type LocalWork, type Service } from './perform/work.ts'
import { PlanBook } from './plans.ts'
import type { Clock, Database, Ids, Link, Queryable, Stopwatch, Transaction } from './ports.ts'
import { Receiver } from './receive.ts'
import { Apart } from './shell/apart.ts'
import { Bell } from './shell/bell.ts'
import { Later } from './shell/later.ts'
import { begin, end } from './shell/lives.ts'
import { loop } from './shell/loop.ts'
import { misconfigurations, registerPlans } from './shell/check.ts'
import { prune } from './shell/prune.ts'
import { officeOf } from './shell/office.ts'
import { onceMore, rerun } from './shell/race.ts'
import { horizonCheckedBefore, settingsOf, type Settings } from './shell/settings.ts'
import { shopOf } from './shell/shop.ts'
import { topicsFor } from './shell/topics.ts'
import type { CancelRequest, Started, StartRequest } from './start.ts'
import { Starter, type SagaName, type SagaStatus } from './starter.ts'
import { typed } from './typed.ts'
import { wake } from './wake.ts'

/**
 * Checks the configuration, connects and starts the loops.
 * Errors: HOST_MISCONFIGURED with every problem at once; PLAN_CHANGED naming the step of a plan that moved
 * under its version.
 */
export async function createHost(options: HostOptions): Promise<Host> {
  const settings = settingsOf(options.settings ?? {})
  const problems = misconfigurations(options, settings)
  if (problems.length > 0)
    throw new EnsembleError('HOST_MISCONFIGURED', `host '${options.service}'`, problems)
  const {
    service,
    database,
    plans = [],
    implementation = null,
    orchestrates = false,
    starts = false,
  } = options
  await onceMore(() => registerPlans(database, plans))
  const hasLives = starts || implementation !== null
  const wasKilled = hasLives && (await onceMore(() => begin(database)))
  const observes = options.observer?.topics ?? []
  const topics = topicsFor({ service, implementation, plans, orchestrates, starts, observes })
  const link = await onceMore(() => options.bus.connect({ service, database, topics }))
  const host = new RunningHost(options, { settings, link, listens: topics.length > 0, hasLives, wasKilled })
  host.run()
  return host
}

interface Connected {
  readonly settings: Settings
  readonly link: Link
  readonly listens: boolean
  /** What its starts and calls bring about is done with them: what kills the process may be one of these. */
  readonly hasLives: boolean
  readonly wasKilled: boolean
}

const LOCAL_COUNT_MAX = 100

/** Batches of starts side by side: while the database works for one this process decides on the other. */
const START_LANES = 2

/** Handlers behind a savepoint that share a transaction: more than 64 at once are slow on Postgres. */
const SAVEPOINTS_MAX = 50

const PRUNE_EVERY_MS = 3_600_000

/** What is only observed may be that late under load. */
const OBSERVE_EVERY_MS = 100

class RunningHost implements Host {
  readonly service: string
  readonly #settings: Settings
  readonly #link: Link
  readonly #listens: boolean
  readonly #hasLives: boolean
  readonly #database: Database
  readonly #clock: Clock & Stopwatch
  readonly #ids: Ids
  readonly #own: Service
  readonly #performs: PerformOptions
  readonly #stopping = new AbortController()
  readonly #news = new Bell()
  readonly #due = new Bell()
  readonly #calls = new Bell()
  readonly #loops: Promise<void>[] = []
  readonly #effects: EffectWorker | null
  readonly #home: Home
  readonly #member: Member
  readonly #starter: Starter
  #leave = (): void => undefined
  readonly #executeOne: (work: LocalWork) => Promise<Outcome>

  constructor(options: HostOptions, { settings, link, listens, hasLives, wasKilled }: Connected) {
    const { service, database, plans = [], implementation = null, orchestrates = false } = options
    this.service = service
    this.#settings = settings
    this.#link = link
    this.#listens = listens
    this.#hasLives = hasLives
    this.#database = database
    this.#clock = options.clock ?? systemClock
    this.#ids = options.ids ?? systemIds(this.#clock)
    this.#own = serviceOf(service, implementation)
    const shop = shopOf(this.#own, { plans: new PlanBook(plans), settings, ids: this.#ids })
    const handlers = [...this.#own.handlers.values()]
    this.#performs = {
      shop,
      stores: database.stores,
      defers: handlers.some((handler) => handler.ref.spec.deferred === true),
      horizonCheckedBefore: (now) => horizonCheckedBefore(settings, now),
      refuse: null,
      onDue: () => {
        this.#due.ring()
        this.#calls.ring()
      },
    }
    const effects = handlers.filter((handler): handler is EffectHandler => handler.form === 'effect')
    this.#effects =
      effects.length === 0
        ? null
        : new EffectWorker({
            shop,
            database,
            link,
            clock: this.#clock,
            handlers: effects,
            onDone: () => this.#calls.ring(),
          })
    const duties = { perform: this.#performs, settings, clock: this.#clock, onDue: () => this.#due.ring() }
    const office = orchestrates ? officeOf(duties) : null
    this.#home = homeOf(database)
    const hears: EndsHeard = {
      tellEnds: (ends) => this.#starter.tellEnds(ends),
      hasStarted: (saga) => this.#starter.hasStarted(saga),
    }
    this.#member = {
      service: this.#own,
      database,
      perform: this.#performs,
      office,
      observer: options.observer ?? null,
      starter: options.starts === true ? hears : null,
    }
    this.#starter = new Starter({
      service,
      database,
      link,
      clock: this.#clock,
      pattern: options.pattern ?? 'orchestration',
      runners: Array.from({ length: START_LANES }, () => this.#runner()),
      countMax: Math.ceil(settings.batchCountMax / START_LANES),
      wasKilled,
      stopping: this.#stopping.signal,
    })
    this.#executeOne = callsOf({
      link,
      runner: this.#runner(),
      apart: new Apart({ clock: this.#clock, wasKilled }),
      countMax: this.#batchCountMax(LOCAL_COUNT_MAX),
    })
  }

  run(): void {
    const { pollMs, sweepMs } = this.#settings
    this.#leave = this.#home.join(this.#member)
    if (this.#listens) {
      const receiver = this.#receiver()
      const ring = (): void => this.#news.ring()
      const [clock, stopping] = [this.#clock, this.#stopping.signal]
      const later = new Later({ clock, everyMs: OBSERVE_EVERY_MS, ring, stopping })
      receiver.onNews({ concerned: ring, observed: () => later.ring() })
      this.#loop('receive', this.#news, { step: () => receiver.step(), pollMs: () => pollMs })
    }
    this.#loop('wake', this.#due, {
      step: () => wake(this.#link, this.#database, this.service),
      pollMs: () => sweepMs,
    })
    this.#loop('relay', new Bell(), { step: () => this.#link.relay(), pollMs: () => sweepMs })
    this.#loop('prune', new Bell(), {
      step: async () => await this.#pruneLater(),
      pollMs: () => PRUNE_EVERY_MS,
    })
    const effects = this.#effects
    if (effects !== null)
      this.#loop('effect', this.#calls, { step: () => effects.step(), pollMs: () => sweepMs })
  }

  async start<Input>(plan: Plan<Input>, request: StartRequest<Input>): Promise<Started> {
    this.#refuseStopped()
    return await this.#starter.start(plan, request)
  }

  async startIn<Input>(tx: Queryable, plan: Plan<Input>, request: StartRequest<Input>): Promise<Started> {
    this.#refuseStopped()
    return await this.#starter.startIn(tx, plan, request)
  }

  async cancel(saga: SagaName, request: CancelRequest): Promise<void> {
    this.#refuseStopped()
    await this.#starter.cancel(saga, request)
  }

  async cancelIn(tx: Queryable, saga: SagaName, request: CancelRequest): Promise<void> {
    this.#refuseStopped()
    await this.#starter.cancelIn(tx, saga, request)
  }

  async status(saga: SagaName): Promise<SagaStatus | null> {
    return await this.#starter.status(saga)
  }

  async ended(saga: SagaName, options: { readonly within: Span }): Promise<SagaStatus> {
    return await this.#starter.ended(saga, options)
  }

  async repair(saga: SagaName, again: number): Promise<void> {
    await this.#starter.repair(saga, again)
  }

  async settle(tx: Transaction, settlement: Settlement): Promise<void> {
    await settleIn(this.#desk, tx, settlement)
  }

  async retry(operation: string): Promise<void> {
    await rerun(() => retryNow(this.#desk, operation))
    this.#calls.ring()
  }

  async supply(operation: string, supplied: Supply): Promise<void> {
    await rerun(() => supply(this.#desk, operation, supplied))
  }

  async answerAgain(operation: string): Promise<boolean> {
    return await rerun(() => answerAgain(this.#desk, operation))
  }

  async execute<S extends RequestSpec>(
    ref: RequestRef<S>,
    input: InputOf<S>,
    { operation }: ExecuteOptions = {},
  ): Promise<Extract<OutcomeOf<S>, Outcome>> {
    this.#refuseStopped()
    const handler = this.#own.handlers.get(ref.request)
    if (handler === undefined || ref.participant !== this.service) {
      throw new EnsembleError(
        'CONTRACT_UNKNOWN',
        `'${this.service}' does not handle ${ref.participant}.${ref.request}`,
      )
    }
    const stored = operation !== undefined
    const checked = checkedOnce(handler.ref.spec.input, input)
    const work: LocalWork = {
      do: 'local',
      handler,
      operation: operation ?? this.#ids.next(),
      stored,
      saga: null,
      input: checked,
    }
    return typed(await this.#executeOne(work))
  }

  async prune(): Promise<number> {
    this.#refuseStopped()
    const stopping = this.#stopping.signal
    return await prune(this.#database, { service: this.service, settings: this.#settings, stopping })
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#leave()
    await Promise.all(this.#loops)
    await this.#effects?.drain()
    // Else the next one is only careful in vain.
    if (this.#hasLives) await end(this.#database).catch(() => undefined)
    await this.#link.close()
  }

  get #desk(): Desk {
    return { shop: this.#performs.shop, database: this.#database, link: this.#link }
  }

  #runner(): Runner {
    return new Runner(this.#home, this.#member, this.#clock)
  }

  #receiver(): Receiver {
    const runner = this.#runner()
    return new Receiver({
      ...this.#member,
      runner,
      advance: runner.adviceOf(this.#member),
      shop: this.#performs.shop,
      link: this.#link,
      batchCountMax: this.#batchCountMax(this.#settings.batchCountMax),
    })
  }

  #batchCountMax(countMax: number): number {
    const handlers = [...this.#own.handlers.values()]
    return handlers.some(({ form }) => form === 'transaction') ? Math.min(countMax, SAVEPOINTS_MAX) : countMax
  }

  #loop(
    verb: string,
    bell: Bell,
    { step, pollMs }: { step: () => Promise<number | boolean>; pollMs: () => number },
  ): void {
    const { service } = this
    this.#loops.push(
      loop(step, {
        service,
        verb,
        clock: this.#clock,
        ids: this.#ids,
        bell,
        pollMs,
        stopped: this.#stopping.signal,
      }),
    )
  }

  /** The first pruning waits its turn: a start is busy enough. */
  #pruned = false
  async #pruneLater(): Promise<false> {
    if (this.#pruned) await this.prune()
    this.#pruned = true
    return false
  }

  #refuseStopped(): void {
    if (this.#stopping.signal.aborted)
      throw new EnsembleError('HOST_STOPPED', `host '${this.service}' is stopped`)
  }
}
