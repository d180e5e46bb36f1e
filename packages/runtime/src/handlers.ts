// Owns: how a service says what it does: the three forms of handlers (aggregate, transaction, effect) behind
// one contract, and the check that none is missing. It runs nothing.
// I1: an aggregate's rules are pure: (state, input, context) -> change; they may be run again for the same
// message.
// I2: a handler of a deferred request has a rule for its withdrawal.
import type {
  Cancel,
  Infer,
  InputOf,
  OutcomeOf,
  Outcome,
  RequestRef,
  RequestSpec,
  SagaRef,
  Schema,
  Succeeded,
  Time,
} from '@ensemble/core'
import { typed } from './typed.ts'
import type { Entries, Rows, Transaction } from './ports.ts'

export interface HandlerContext {
  readonly now: Time
  /** Id of this operation: the same on every try. */
  readonly operation: string
  /** The saga that asks; null for a service's own calls, timers and events without one. */
  readonly saga: SagaRef | null
}

export interface AggregateContext<Related> extends HandlerContext {
  /** The related rows that `needs` named; undefined where there is none. */
  readonly related: { readonly [Name in keyof Related]: Related[Name] | undefined }
  /** Who holds a claimed value that `needs` named; an earlier message's claim counts. */
  readonly holder: (claim: string) => string | null
  /** Operations of this aggregate whose outcome is still to come. */
  readonly deferred: readonly { readonly operation: string; readonly request: string }[]
}

export interface Settlement {
  readonly operation: string
  readonly outcome: Outcome
}

export interface TimerRequest {
  readonly name: string
  readonly at: Time
  readonly data: unknown
}

export interface PublicEvent {
  /** Full name, e.g. `payment.due-soon`. */
  readonly name: string
  readonly data: unknown
}

/** What a rule decided. What is left out stays as it is. */
export interface Change<State, Related = unknown, Entry = unknown, Result = Outcome> {
  readonly outcome: Result
  readonly state?: State
  readonly related?: Partial<Related>
  readonly entries?: readonly Entry[]
  readonly claim?: readonly string[]
  readonly release?: readonly string[]
  readonly settlements?: readonly Settlement[]
  readonly timers?: readonly TimerRequest[]
  readonly events?: readonly PublicEvent[]
}

export interface Needs<Related> {
  /** Keys of related rows. */
  readonly related?: { readonly [Name in keyof Related]?: string }
  /** Claimed values to look up. */
  readonly claims?: readonly string[]
}

interface Rule<State, Related, Entry, Input, Result> {
  /** Key of the row that this is about. */
  readonly key: (input: Input) => string
  /** Other rows and claims that the rule reads; may be asked again once the state is known. */
  readonly needs?: (input: Input, state: State | undefined) => Needs<Related>
  readonly decide: (
    state: State | undefined,
    input: Input,
    context: AggregateContext<Related>,
  ) => Change<State, Related, Entry, Result>
}

/** What a withdraw of a deferred operation is answered: it did not and will not happen, or it had happened. */
export type WithdrawOutcome = { readonly status: 'withdrawn' } | Succeeded

interface CommandRule<State, Related, Entry, S extends RequestSpec> extends Rule<
  State,
  Related,
  Entry,
  InputOf<S>,
  OutcomeOf<S>
> {
  /** Required for deferred requests: decides a withdraw that meets the deferred operation. */
  readonly withdraw?: (
    state: State | undefined,
    input: InputOf<S>,
    context: AggregateContext<Related> & { readonly cancel: Cancel },
  ) => Change<State, Related, Entry, WithdrawOutcome>
}

type Untyped = Readonly<Record<string, unknown>>
export type AnyRule = Rule<
  unknown,
  Untyped,
  unknown,
  unknown,
  Outcome | { status: 'deferred'; until: Time } | WithdrawOutcome
>

export interface AggregateHandler {
  readonly form: 'aggregate'
  readonly ref: RequestRef
  readonly group: AggregateGroup
  readonly rule: AnyRule
  readonly withdraw: AnyRule['decide'] | null
}

/** Arbitrary SQL behind a savepoint; rejected rolls back to it too. */
export interface TransactionHandler {
  readonly form: 'transaction'
  readonly ref: RequestRef
  readonly handle: (
    call: { tx: Transaction; input: unknown } & HandlerContext,
  ) => Promise<Outcome | { status: 'deferred'; until: Time }>
  readonly withdraw:
    | ((
        call: { tx: Transaction; input: unknown; cancel: Cancel } & HandlerContext,
      ) => Promise<WithdrawOutcome>)
    | null
}

/** A call surely did not happen: throw it from an effect, and the call is tried again later without doubt. */
export class NotDone extends Error {
  readonly code = 'NOT_DONE'
}

export interface EffectCall<Input> {
  readonly input: Input
  /** Idempotency key for the provider: the operation's id. */
  readonly operation: string
  /** For an undo: its run's id, to void it; else null. */
  readonly run: string | null
  readonly attempt: number
  readonly signal: AbortSignal
  readonly saga: SagaRef | null
}

/**
 * The outside world: called by a worker after the intent is stored, with the operation id as idempotency
 * key.
 */
export interface EffectHandler {
  readonly form: 'effect'
  readonly ref: RequestRef
  readonly provider: string
  readonly timeoutMs: number
  readonly concurrency: number
  /** What to do when the provider has no idempotency key and a call is in doubt. */
  readonly onUnknown: 'resend' | 'give up'
  readonly call: (call: EffectCall<unknown>) => Promise<Outcome>
}

export type Handler = AggregateHandler | TransactionHandler | EffectHandler

/** A rule that follows an event or a timer of an aggregate. */
export interface EventHandler {
  readonly name: string
  readonly schema: Schema
  readonly group: AggregateGroup
  readonly rule: AnyRule
}

/** The tables that the rules of one aggregate share. */
export interface AggregateGroup {
  readonly name: string
  readonly rows: Rows<unknown>
  readonly related: Readonly<Record<string, Rows<unknown>>>
  readonly entries: Entries<unknown> | null
}

export interface Aggregate<State, Related, Entry> {
  /** A rule for a command or query of the contract. */
  on<S extends RequestSpec>(ref: RequestRef<S>, rule: CommandRule<State, Related, Entry, S>): AggregateHandler
  /** A rule that follows another participant's (or a saga's) event; `name` is the full event name. */
  follow<S extends Schema>(
    name: string,
    schema: S,
    rule: Rule<State, Related, Entry, Infer<S>, Succeeded>,
  ): EventHandler
  /** A rule for a timer of one's own. */
  timer<S extends Schema>(
    name: string,
    schema: S,
    rule: Rule<State, Related, Entry, Infer<S>, Succeeded>,
  ): EventHandler
}

/**
 * Declares an aggregate: rules over one keyed row, loaded and stored in bulk with the rows they relate to.
 * `rows.name` must be unique within the service.
 */
export function aggregate<State, Related extends object = Record<never, never>, Entry = never>(tables: {
  readonly rows: Rows<State>
  readonly related?: { readonly [Name in keyof Related]: Rows<Related[Name]> }
  readonly entries?: Entries<Entry>
}): Aggregate<State, Related, Entry> {
  const group: AggregateGroup = {
    name: tables.rows.name,
    rows: typed(tables.rows),
    related: typed(tables.related ?? {}),
    entries: typed(tables.entries ?? null),
  }
  const follow = (name: string, schema: Schema, rule: unknown): EventHandler => ({
    name,
    schema,
    group,
    rule: typed(rule),
  })
  return {
    on: (ref, rule) => {
      if (ref.spec.deferred === true && rule.withdraw === undefined) {
        throw new TypeError(
          `${ref.participant}.${ref.request} is deferred: its handler needs a 'withdraw' rule`,
        )
      }
      return { form: 'aggregate', ref, group, rule: typed(rule), withdraw: typed(rule.withdraw ?? null) }
    },
    follow,
    timer: follow,
  }
}

/**
 * Declares a handler that runs SQL of its own in the batch's transaction; keep it short, at most 50 share a
 * transaction.
 */
export function transaction<S extends RequestSpec>(
  ref: RequestRef<S>,
  rule: {
    readonly handle: (call: { tx: Transaction; input: InputOf<S> } & HandlerContext) => Promise<OutcomeOf<S>>
    readonly withdraw?: (
      call: { tx: Transaction; input: InputOf<S>; cancel: Cancel } & HandlerContext,
    ) => Promise<WithdrawOutcome>
  },
): TransactionHandler {
  if (ref.spec.deferred === true && rule.withdraw === undefined) {
    throw new TypeError(`${ref.participant}.${ref.request} is deferred: its handler needs a 'withdraw' rule`)
  }
  return { form: 'transaction', ref, handle: typed(rule.handle), withdraw: typed(rule.withdraw ?? null) }
}

/**
 * Declares a handler that calls the outside world. `timeoutMs` bounds one call, `concurrency` the calls to
 * its provider.
 */
export function effect<S extends RequestSpec>(
  ref: RequestRef<S>,
  rule: {
    readonly provider: string
    readonly timeoutMs: number
    readonly concurrency?: number
    readonly onUnknown?: 'resend' | 'give up'
    readonly call: (call: EffectCall<InputOf<S>>) => Promise<OutcomeOf<S>>
  },
): EffectHandler {
  if (ref.spec.deferred === true)
    throw new TypeError(`${ref.participant}.${ref.request}: an effect cannot be deferred`)
  return {
    form: 'effect',
    ref,
    provider: rule.provider,
    timeoutMs: rule.timeoutMs,
    concurrency: rule.concurrency ?? 8,
    onUnknown: rule.onUnknown ?? 'resend',
    call: typed(rule.call),
  }
}

/** A participant's contract with a handler for every request. */
export interface Implementation {
  readonly participant: string
  readonly handlers: ReadonlyMap<string, Handler>
  readonly follows: readonly EventHandler[]
  readonly timers: readonly EventHandler[]
}

/** One handler per request of the contract: the compiler refuses a missing or a foreign one. */
export function implement<Requests extends Readonly<Record<string, RequestRef>>>(
  requests: Requests,
  handlers: { readonly [Name in keyof Requests]: Handler },
  own: { readonly follows?: readonly EventHandler[]; readonly timers?: readonly EventHandler[] } = {},
): Implementation {
  const byRequest = new Map<string, Handler>()
  let participant = ''
  for (const [name, ref] of Object.entries(requests)) {
    const handler = handlers[name]
    if (handler === undefined) throw new TypeError(`${ref.participant}.${name} has no handler`)
    if (handler.ref.participant !== ref.participant || handler.ref.request !== name) {
      throw new TypeError(
        `${ref.participant}.${name} got the handler of ${handler.ref.participant}.${handler.ref.request}`,
      )
    }
    participant = ref.participant
    byRequest.set(name, handler)
  }
  return { participant, handlers: byRequest, follows: own.follows ?? [], timers: own.timers ?? [] }
}
