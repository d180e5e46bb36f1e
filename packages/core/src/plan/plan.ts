// Owns: the shape of a plan (a saga definition as data) and the builder whose types enforce the grammar
// `(check | compensatable)* pivot? retriable*`. What the compiler cannot see is checked when the plan is made.
// I1: steps are known by name, never by index, in everything stored or sent.
// I2: an undo is computed from what its run was given (input and earlier results), never from its run's own
// result.
import type {
  CertainCommandSpec,
  CommandSpec,
  OutputOf,
  PlannedRequest,
  QuerySpec,
} from '../contract/contract.ts'
import { checkName, isCertain } from '../contract/contract.ts'
import type { Infer, Schema } from '../contract/schema.ts'
import { erased } from '../codec/erase.ts'
import type { Pattern } from '../kernel/saga.ts'
import { fingerprint, outline } from './fingerprint.ts'
import type { Span } from './span.ts'
import { spanMs } from './span.ts'

export type StepKind = 'check' | 'compensatable' | 'pivot' | 'retriable'

export interface PlanContext {
  readonly input: unknown
  readonly results: Readonly<Record<string, unknown>>
}

export interface Step {
  readonly name: string
  readonly kind: StepKind
  readonly run: PlannedRequest<PlanContext>
  readonly undo: PlannedRequest<PlanContext> | null
  /** The run's time to begin, milliseconds; null for retriables, which carry no deadline. */
  readonly withinMs: number | null
  /** Orchestrated, its run is sent along with that of the step before, which asks the same participant. */
  readonly pipelined: boolean
}

/** Why a saga went back: the step whose answer turned it, or the cancel that did. */
export interface Because {
  readonly step: string
  readonly status: 'rejected' | 'faulted' | 'unknown' | 'cancelled'
  /** Name of the rejection, the cancel's reason or the fault's code. */
  readonly reason: string
  readonly data: unknown
}

export interface PlanEnd {
  readonly completed: (context: PlanContext) => unknown
  readonly compensated: (context: PlanContext & { readonly because: Because }) => unknown
}

/** A saga definition. `Input` is the type of what it starts with. */
export interface Plan<Input = unknown> {
  readonly name: string
  readonly version: number
  readonly input: Schema<Input>
  readonly steps: readonly Step[]
  readonly end: PlanEnd
  /** Saga deadline, milliseconds from its start, after which it is cancelled; null for none. */
  readonly withinMs: number | null
  /** The only pattern in which its sagas run; null: each saga chooses. */
  readonly pattern: Pattern | null
  /** One line per step; equal outlines mean an equal plan as far as stored sagas are concerned. */
  readonly outline: string
  /** Of the outline: what states and messages carry. */
  readonly fingerprint: string
}

/**
 * A run that is not given `within` must begin within this time: long enough for a database restart, short
 * enough to notice.
 */
const RUN_WITHIN: Span = '5m'

interface Context<Input, Results> {
  readonly input: Input
  readonly results: Readonly<Results>
}

type Fresh<Name extends string, Results> = Name extends keyof Results
  ? `a step '${Name}' exists already`
  : unknown
type With<Results, Name extends string, Output> = Results & { readonly [N in Name]: Output }

interface End<Input, Results> {
  readonly completed?: (context: Context<Input, Results>) => unknown
  readonly compensated?: (context: { readonly input: Input; readonly because: Because }) => unknown
}

/** Results once a step has succeeded. */
type After<Results, Name extends string, S> = With<Results, Name, OutputOf<S>>

/**
 * What may come after steps that have `Results`; it is given `Given`, which is all of that, and less where it is sent
 * along.
 */
interface NextRetriable<Input, Results, Given> {
  /** A certain command that is tried until it succeeds; there is no way back once it is asked. */
  retriable<const Name extends string, S extends CertainCommandSpec>(
    name: Name & Fresh<Name, Results>,
    step: { readonly run: PlannedRequest<Context<Input, Given>, S> },
  ): Retriables<Input, After<Results, Name, S>, Given>
}

interface NextStep<Input, Results, Given> extends NextRetriable<Input, Results, Given> {
  /** A query; nothing to undo. */
  check<const Name extends string, S extends QuerySpec>(
    name: Name & Fresh<Name, Results>,
    step: { readonly run: PlannedRequest<Context<Input, Given>, S>; readonly within?: Span },
  ): NextStep<Input, After<Results, Name, S>, After<Results, Name, S>> &
    Finish<Input, After<Results, Name, S>>
  /** A command with the certain command that undoes it. */
  compensatable<const Name extends string, S extends CommandSpec, U extends CertainCommandSpec>(
    name: Name & Fresh<Name, Results>,
    step: {
      readonly run: PlannedRequest<Context<Input, Given>, S>
      readonly undo: PlannedRequest<Context<Input, Given>, U>
      readonly within?: Span
    },
  ): Steps<Input, After<Results, Name, S>, Given>
  /** The point of no return: once it has succeeded the saga only goes forward. */
  pivot<const Name extends string, S extends CommandSpec>(
    name: Name & Fresh<Name, Results>,
    step: { readonly run: PlannedRequest<Context<Input, Given>, S>; readonly within?: Span },
  ): Retriables<Input, After<Results, Name, S>, Given>
}

interface Finish<Input, Results> {
  /** Finishes the plan; the functions compute the data of `<plan>.completed` and `<plan>.compensated`. */
  end(end?: End<Input, Results>): Plan<Input>
}

interface Pipelined<Next> {
  /**
   * The next step is sent along with the last one, a command of the same participant: orchestrated, the participant
   * goes on by itself as soon as that has succeeded, without a way to the orchestrator and back. So it is given only
   * what the last one was given. In choreography nobody goes back, and it means nothing. After the promise pipelining
   * of Liskov and Shrira.
   */
  readonly pipelined: Next
}

/** After a command that was given `Earlier`. */
type Retriables<Input, Results, Earlier> = NextRetriable<Input, Results, Results> &
  Finish<Input, Results> &
  Pipelined<NextRetriable<Input, Results, Earlier>>

type Steps<Input, Results, Earlier> = NextStep<Input, Results, Results> &
  Finish<Input, Results> &
  Pipelined<NextStep<Input, Results, Earlier>>

type FirstStep<Input> = NextStep<Input, Record<never, never>, Record<never, never>>

interface Options<S extends Schema> {
  readonly version: number
  readonly input: S
  readonly within?: Span
  /** Only ever this pattern: then nobody listens for what only the other one sends. Else each saga chooses. */
  readonly pattern?: Pattern
}

/**
 * Begins a plan: `saga('order.place', { version: 1, input })`, then steps in order, then `.end()`.
 * Errors: TypeError at definition time for a bad name, version or span, or a grammar the types were bypassed
 * for.
 */
export function saga<S extends Schema>(name: string, options: Options<S>): FirstStep<Infer<S>> {
  for (const part of name.split('.')) checkName('saga', part)
  if (!Number.isInteger(options.version) || options.version < 1) {
    throw new TypeError(`saga '${name}': version must be an integer from 1, got ${String(options.version)}`)
  }
  const draft: Draft = {
    name,
    version: options.version,
    input: options.input,
    within: options.within ?? null,
    pattern: options.pattern ?? null,
    steps: [],
  }
  return erased<FirstStep<Infer<S>>>(builder(draft))
}

interface Draft {
  readonly name: string
  readonly version: number
  readonly input: Schema
  readonly within: Span | null
  readonly pattern: Pattern | null
  readonly steps: readonly Step[]
}

interface StepDraft {
  readonly name: string
  readonly run: PlannedRequest<PlanContext>
  readonly undo?: PlannedRequest<PlanContext>
  readonly within?: Span
  readonly pipelined: boolean
}

function builder(draft: Draft, pipelined = false): object {
  const add = (kind: StepKind) => (name: string, step: Omit<StepDraft, 'name' | 'pipelined'>) =>
    builder({ ...draft, steps: [...draft.steps, made(draft, kind, { ...step, name, pipelined })] })
  const next = {
    check: add('check'),
    compensatable: add('compensatable'),
    pivot: add('pivot'),
    retriable: add('retriable'),
  }
  if (pipelined) return next
  return {
    ...next,
    get pipelined() {
      return builder(draft, true)
    },
    end: (end?: Partial<PlanEnd>) => finished(draft, end ?? {}),
  }
}

const RANK: Readonly<Record<StepKind, number>> = { check: 0, compensatable: 0, pivot: 1, retriable: 2 }

function made(draft: Draft, kind: StepKind, step: StepDraft): Step {
  const where = `saga '${draft.name}', step '${step.name}'`
  checkName('step', step.name)
  if (draft.steps.some((other) => other.name === step.name))
    throw new TypeError(`${where}: the name is used twice`)
  const last = draft.steps.at(-1)
  if (last !== undefined && (RANK[kind] < RANK[last.kind] || (kind === 'pivot' && last.kind === 'pivot'))) {
    throw new TypeError(`${where}: a ${kind} cannot follow the ${last.kind} '${last.name}'`)
  }
  if (kind === 'check' && step.run.ref.spec.kind !== 'query')
    throw new TypeError(`${where}: a check asks a query, not a command`)
  if (kind === 'compensatable' && step.undo === undefined)
    throw new TypeError(`${where}: a compensatable needs an undo`)
  const certain = kind === 'retriable' ? step.run : step.undo
  if (certain !== undefined && !isCertain(certain.ref.spec)) {
    throw new TypeError(
      `${where}: '${certain.ref.request}' can be rejected; a retriable or an undo must be certain`,
    )
  }
  const { name, run, undo = null, pipelined } = step
  // Asked again a check may find another answer, when the saga is elsewhere: its participant must not go on then.
  if (pipelined && (last?.kind === 'check' || last?.run.ref.participant !== run.ref.participant)) {
    throw new TypeError(`${where}: only behind a command of the same participant can a step be pipelined`)
  }
  const withinMs = kind === 'retriable' ? null : spanMs(step.within ?? RUN_WITHIN)
  return { name, kind, run, undo, withinMs, pipelined }
}

function finished(draft: Draft, end: Partial<PlanEnd>): Plan {
  if (draft.steps.length === 0) throw new TypeError(`saga '${draft.name}' has no steps`)
  const { name, version, input, pattern, steps } = draft
  const lines = outline(steps, pattern)
  return {
    name,
    version,
    input,
    steps,
    end: {
      completed: end.completed ?? (() => ({})),
      compensated: end.compensated ?? (({ because }) => ({ because })),
    },
    withinMs: draft.within === null ? null : spanMs(draft.within),
    pattern,
    outline: lines,
    fingerprint: fingerprint(lines),
  }
}
