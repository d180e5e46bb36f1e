// Owns: a host as its user sees it: what it is made of, and what can be asked of it.
import type {
  InputOf,
  Outcome,
  OutcomeOf,
  Pattern,
  Plan,
  RequestRef,
  RequestSpec,
  Span,
} from '@ensemble/core'
import type { Implementation, Settlement } from './handlers.ts'
import type { Observer } from './home.ts'
import type { Supply } from './operator.ts'
import type { Bus, Clock, Database, Ids, Queryable, Stopwatch, Transaction } from './ports.ts'
import type { Settings } from './shell/settings.ts'
import type { CancelRequest, Started, StartRequest } from './start.ts'
import type { SagaName, SagaStatus } from './starter.ts'

export interface HostOptions {
  /** Name of the service; a participant's is the name of its contract. */
  readonly service: string
  readonly database: Database
  readonly bus: Bus
  /** Plans that this host starts, orchestrates or takes part in. */
  readonly plans?: readonly Plan[]
  readonly implementation?: Implementation
  /** Advances orchestrated sagas of its plans; one service of a system does. */
  readonly orchestrates?: boolean
  /** Starts sagas, and hears how they end. */
  readonly starts?: boolean
  /** The pattern of a start that names none; default orchestration. */
  readonly pattern?: Pattern
  readonly observer?: Observer
  readonly settings?: Partial<Settings>
  readonly clock?: Clock & Stopwatch
  readonly ids?: Ids
}

export interface ExecuteOptions {
  /** Makes the call idempotent: the same id again answers what the first one answered. */
  readonly operation?: string
}

export interface Host {
  readonly service: string
  /** Starts a saga in a transaction of its own; gathers concurrent calls into one batch. */
  start<Input>(plan: Plan<Input>, request: StartRequest<Input>): Promise<Started>
  /** Starts a saga together with the caller's own writes; make it the last statement before COMMIT. */
  startIn<Input>(tx: Queryable, plan: Plan<Input>, request: StartRequest<Input>): Promise<Started>
  /** Wishes that a saga started here be undone. Errors: SAGA_UNKNOWN. */
  cancel(saga: SagaName, request: CancelRequest): Promise<void>
  /** The same, together with the caller's own writes. */
  cancelIn(tx: Queryable, saga: SagaName, request: CancelRequest): Promise<void>
  /** What the starter knows of a saga; null when it was not started here. */
  status(saga: SagaName): Promise<SagaStatus | null>
  /** The saga's status when it has ended, or when the span is over. Errors: SAGA_UNKNOWN. */
  ended(saga: SagaName, options: { readonly within: Span }): Promise<SagaStatus>
  /** Sends a saga's start again (n-th time) to repair lost messages. Errors: SAGA_UNKNOWN. */
  repair(saga: SagaName, again: number): Promise<void>
  /**
   * Settles a deferred operation of a transaction handler, in a transaction of the service's own database.
   * Errors: OPERATION_UNKNOWN, OPERATION_SETTLED.
   */
  settle(tx: Transaction, settlement: Settlement): Promise<void>
  /** An operator's retry of one of this service's operations: now. Errors: OPERATION_UNKNOWN, OPERATION_SETTLED. */
  retry(operation: string): Promise<void>
  /** An operator's word on how an operation ended. Errors: OPERATION_UNKNOWN, OPERATION_SETTLED. */
  supply(operation: string, supplied: Supply): Promise<void>
  /** Sends an operation's stored answer again, in case it was lost; false when there is none. */
  answerAgain(operation: string): Promise<boolean>
  /**
   * Calls one of this service's own requests, in a transaction, outside any saga. Errors: INPUT_INVALID and
   * what the handler throws.
   */
  execute<S extends RequestSpec>(
    ref: RequestRef<S>,
    input: InputOf<S>,
    options?: ExecuteOptions,
  ): Promise<Extract<OutcomeOf<S>, Outcome>>
  /** Deletes what is past its retention; also done every hour. Errors: HOST_STOPPED. */
  prune(): Promise<number>
  stop(): Promise<void>
}
