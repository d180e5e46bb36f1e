// Owns: what the engine tells about itself: one diagnostics channel per verb. The engine logs nothing; tracing,
// metrics and logs subscribe, e.g. `diagnostics_channel.subscribe('ensemble:receive', ...)`.
import { channel } from 'node:diagnostics_channel'
import type { SagaRef, Time } from '@ensemble/core'

export type Verb =
  | 'start'
  | 'relay'
  | 'receive'
  | 'perform'
  | 'advance'
  | 'effect'
  | 'call'
  | 'wake'
  | 'record'
  | 'prune'
  | 'error'

export interface Told {
  readonly service: string
  readonly count?: number
  readonly detail?: string
  readonly error?: unknown
}

/** On `ensemble:call`: one call of an effect's handler, when it has ended. */
export interface CallTold extends Told {
  readonly saga: SagaRef
  readonly operation: string
  readonly attempt: number
  readonly beganAt: Time
  readonly endedAt: Time
  /** The status of the outcome, `not done` or `doubt`. */
  readonly said: string
}

export function tell(verb: Verb, told: Told): void {
  const target = channel(`ensemble:${verb}`)
  if (target.hasSubscribers) target.publish(told)
}
