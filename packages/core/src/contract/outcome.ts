// Owns: what an operation can end as. An outcome is what a handler says (business); an answer is what an
// operation's row holds and what the saga hears: an outcome, or the engine's word that the work did not or may
// have happened.
// I1: a refusal is a value; what a handler throws is a fault and never becomes a rejection.
import type { OutputOf, RejectionName, RejectionsOf, RequestSpec } from './contract.ts'
import type { Infer } from './schema.ts'

/** Milliseconds since the epoch by the database's clock. */
export type Time = number

export interface Succeeded<Output = unknown> {
  readonly status: 'succeeded'
  readonly output: Output
}

export interface Rejected<Name extends string = string, Data = unknown> {
  readonly status: 'rejected'
  readonly rejection: Name
  readonly data: Data
}

/** The outcome comes later, at the latest by `until` (the participant's own timer sees to that). */
export interface Deferred {
  readonly status: 'deferred'
  readonly until: Time
}

export type Outcome = Succeeded | Rejected

/** The reserved rejection of a run that would begin after its deadline. */
export const EXPIRED = 'expired'

export type Answer =
  | Succeeded
  | Rejected
  | { readonly status: 'withdrawn'; readonly reason: string }
  | { readonly status: 'faulted'; readonly error: ErrorInfo }
  | { readonly status: 'unknown'; readonly error: ErrorInfo }

export type AnswerStatus = Answer['status']

export interface ErrorInfo {
  readonly code: string
  readonly message: string
}

/** The outcomes that a handler of this request may return. */
export type OutcomeOf<S extends RequestSpec> =
  | Succeeded<OutputOf<S>>
  | { [Name in RejectionName<S>]: Rejected<Name, Infer<RejectionsOf<S>[Name]>> }[RejectionName<S>]
  | (S extends { readonly deferred: true } ? Deferred : never)

export function succeeded(): Succeeded<undefined>
export function succeeded<Output>(output: Output): Succeeded<Output>
export function succeeded(output?: unknown): Succeeded {
  return { status: 'succeeded', output }
}

export function rejected<const Name extends string, Data>(rejection: Name, data: Data): Rejected<Name, Data> {
  return { status: 'rejected', rejection, data }
}

/** The outcome comes later; `until` is epoch milliseconds. */
export function deferred(until: { readonly until: Time }): Deferred {
  return { status: 'deferred', until: until.until }
}
