// Owns: what the Kafka bus tells about itself, on one diagnostics channel: `ensemble:kafka`.
import { channel } from 'node:diagnostics_channel'
import type { Place } from './lanes.ts'

export interface Lag extends Place {
  /** Messages that the group has yet to finish. */
  readonly messageCount: number
}

export type KafkaTold =
  /** Partitions were shared out anew; `places` are this instance's. */
  | { readonly happened: 'shared'; readonly group: string; readonly places: readonly Place[] }
  /** How far this instance is behind, every few seconds. */
  | { readonly happened: 'lag'; readonly group: string; readonly lag: readonly Lag[] }
  /** The consumer is made anew, after this many failures in a row. */
  | {
      readonly happened: 'failed'
      readonly group: string
      readonly error: unknown
      readonly failures: number
    }

const CHANNEL = channel('ensemble:kafka')

export function tell(told: KafkaTold): void {
  if (CHANNEL.hasSubscribers) CHANNEL.publish(told)
}
