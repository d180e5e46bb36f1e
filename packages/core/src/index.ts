// The public names of the pure half: contracts, plans, the kernel and the messages. Imports nothing outside
// this package.
export { command, participant, query, eventNames, isCertain } from './contract/contract.ts'
export type {
  CertainCommandSpec,
  CommandSpec,
  InputOf,
  OutputOf,
  Participant,
  PlannedRequest,
  QuerySpec,
  RejectionName,
  RejectionsOf,
  RequestMaker,
  RequestRef,
  RequestSpec,
} from './contract/contract.ts'
export { check } from './contract/schema.ts'
export type { Checked, Infer, Schema } from './contract/schema.ts'
export { deferred, EXPIRED, rejected, succeeded } from './contract/outcome.ts'
export type {
  Answer,
  AnswerStatus,
  Deferred,
  ErrorInfo,
  Outcome,
  OutcomeOf,
  Rejected,
  Succeeded,
  Time,
} from './contract/outcome.ts'
export { saga } from './plan/plan.ts'
export type { Because, Plan, PlanContext, Step, StepKind } from './plan/plan.ts'
export { mermaid } from './plan/diagram.ts'
export { reactions, reactionTable, topicsOf } from './plan/reactions.ts'
export type { Heard, Naming, Reaction, Trigger, Work } from './plan/reactions.ts'
export { movedStep } from './plan/fingerprint.ts'
export { spanMs } from './plan/span.ts'
export type { Span } from './plan/span.ts'
export { begin, decide, heardEarly } from './kernel/decide.ts'
export type { Begin, Decided, Decision, Next, Signal } from './kernel/decide.ts'
export { askOf, endAgain, takenUp } from './kernel/ask.ts'
export type { SagaEnd } from './kernel/ask.ts'
export type { HistoryEntry, HistoryRecord, Note, NoteType } from './kernel/history.ts'
export { operationId, PATTERNS } from './kernel/saga.ts'
export type {
  Ask,
  Cancel,
  Direction,
  Pattern,
  Phase,
  PlanVersion,
  SagaRef,
  SagaState,
  Said,
} from './kernel/saga.ts'
export { decisionId, decisionsApart, goesOut, ORCHESTRATOR, TOPIC } from './message/message.ts'
export type {
  CancelMessage,
  CommandMessage,
  EndedMessage,
  EventMessage,
  HistoryMessage,
  HistoryTold,
  Message,
  MessageType,
  NoteMessage,
  RetryMessage,
  Slip,
  StartMessage,
  TimerMessage,
  WithdrawMessage,
} from './message/message.ts'
export { isRecord, messageIn, pack, plain, unpack } from './codec/message.ts'
export type { Unpacked } from './codec/message.ts'
export { backoffMs, RETRY_DEFAULT } from './retry/backoff.ts'
export type { RetryPolicy } from './retry/backoff.ts'
