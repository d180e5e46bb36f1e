// Owns: what is known of one running saga. The same value is a row of the orchestrator or the slip inside a
// choreographed event.
// I1: `seq` grows by one with each numbered decision; only the holder of the turn (or the saga row) decides.
// I2: it is plain JSON; parts that a reader does not know pass through unchanged.
import type { Answer, Time } from '../contract/outcome.ts'
import type { Because, StepKind } from '../plan/plan.ts'

export type Pattern = 'orchestration' | 'choreography'

export const PATTERNS: readonly Pattern[] = ['orchestration', 'choreography']

/** Identifies a saga: returned by `start`, part of every handler's context. */
export interface SagaRef {
  readonly plan: string
  readonly id: string
  readonly pattern: Pattern
}

/** Which definition a saga runs on; it keeps the version that it started with. */
export interface PlanVersion {
  readonly version: number
  readonly fingerprint: string
}

/** A wish that the saga be undone: a customer's, an operator's or the saga's own deadline. */
export interface Cancel {
  readonly reason: string
  readonly by: string
}

export type Phase =
  | {
      readonly at: 'running'
      readonly step: string
      readonly askedAt: Time
      /** How often the outstanding operation was asked for again. */
      readonly asks: number
      /** Set once the participant has deferred its outcome. */
      readonly until: Time | null
      readonly wish: Cancel | null
    }
  | {
      readonly at: 'undoing'
      readonly step: string
      readonly askedAt: Time
      readonly asks: number
      readonly because: Because
    }
  | { readonly at: 'completed'; readonly endedAt: Time }
  | { readonly at: 'compensated'; readonly endedAt: Time; readonly because: Because }

export interface SagaState extends PlanVersion {
  readonly saga: SagaRef
  readonly input: unknown
  readonly results: Readonly<Record<string, unknown>>
  readonly seq: number
  readonly startedAt: Time
  readonly phase: Phase
  /** What was heard of pipelined steps before the step that they are sent along with, in the order of their coming. */
  readonly early?: readonly Said[]
}

/** What a participant says of an operation. */
export type Said =
  | {
      readonly type: 'answered'
      readonly operation: string
      readonly answer: Answer
      readonly goesOn?: GoesOn
    }
  | { readonly type: 'accepted'; readonly operation: string; readonly until: Time }

/** The participant has taken up the operation that was sent along with the one that it answers. */
export interface GoesOn {
  readonly operation: string
  readonly at: Time
}

export type Direction = 'run' | 'undo'

/** One operation asked of one participant. */
export interface Ask {
  readonly operation: string
  readonly step: string
  readonly kind: StepKind
  readonly direction: Direction
  readonly participant: string
  readonly request: string
  readonly contract: number
  readonly input: unknown
  /** Latest time for the work to begin; null for undos and retriables. */
  readonly deadline: Time | null
  /** Time of the first asking, kept when asked again. */
  readonly issuedAt: Time
  /** The run of the next step, with which the participant goes on by itself once this one has succeeded. */
  readonly pipelined?: Ask
}

/**
 * The id that makes one direction of one step of one saga idempotent, e.g.
 * `order.place/7f.../openOrder/run`.
 */
export function operationId(saga: Pick<SagaRef, 'plan' | 'id'>, step: string, direction: Direction): string {
  return `${saga.plan}/${saga.id}/${step}/${direction}`
}
