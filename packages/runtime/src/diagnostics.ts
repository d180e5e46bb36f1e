// Owns: what the engine tells about itself: one diagnostics channel per verb. The engine logs nothing; tracing,
// metrics and logs subscribe, e.g. `diagnostics_channel.subscribe('ensemble:receive', ...)`.
import { channel } from 'node:diagnostics_channel'

export type Verb =
  | 'start'
  | 'relay'
  | 'receive'
  | 'perform'
  | 'advance'
  | 'effect'
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

export function tell(verb: Verb, told: Told): void {
  const target = channel(`ensemble:${verb}`)
  if (target.hasSubscribers) target.publish(told)
}
