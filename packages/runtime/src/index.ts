// The public names of the durable shell.
export { aggregate, effect, implement, NotDone, transaction } from './handlers.ts'
export type {
  Aggregate,
  AggregateContext,
  Change,
  EffectCall,
  EventHandler,
  Handler,
  HandlerContext,
  Implementation,
  Settlement,
  WithdrawOutcome,
} from './handlers.ts'
export { createHost } from './host.ts'
export type { ExecuteOptions, Host, HostOptions } from './host-api.ts'
export type { Supply } from './operator.ts'
export type { SagaName, SagaStatus } from './starter.ts'
export type { CancelRequest, Started, StartRequest } from './start.ts'
export type { Observer } from './home.ts'
export type { Settings } from './shell/settings.ts'
export { EnsembleError, errorInfo } from './errors.ts'
export type { EnsembleErrorCode } from './errors.ts'
export { MessagesLost } from './lost.ts'
export type { Loss } from './lost.ts'
export type { CallTold } from './diagnostics.ts'
export { outboxed } from './relay.ts'
export { gathered } from './shell/gather.ts'
export { limited } from './shell/limited.ts'
export type { Limit } from './shell/limited.ts'
export { BATCH_LENGTH_MAX, Room } from './shell/room.ts'
export { systemClock } from './clock.ts'
export { systemIds } from './ids.ts'
export type {
  Bus,
  ClaimStore,
  Clock,
  Database,
  DatabaseErrorCode,
  DeadLetter,
  DeadLetterStore,
  Delivered,
  Delivery,
  Entries,
  Ids,
  Link,
  OperationRow,
  OperationStatus,
  OperationStore,
  OutboxStore,
  ProgressStore,
  Queryable,
  RegistryStore,
  Result,
  Row,
  Rows,
  SagaRow,
  SagaStore,
  ScheduledStore,
  StartEnd,
  StartRow,
  StartStore,
  Statement,
  Stopwatch,
  Stores,
  Subscription,
  Transaction,
  Transport,
} from './ports.ts'
