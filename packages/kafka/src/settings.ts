// Owns: the settings of the Kafka bus, their defaults and why they are what they are.
import type { ConnectionOptions as TlsOptions } from 'node:tls'
import type { RetryPolicy } from '@ensemble/core'
import type { BaseOptions } from '@platformatic/kafka'
import type { ContentMode } from './cloud-event.ts'

export type Sasl =
  | {
      readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512'
      readonly username: string
      readonly password: string
    }
  | { readonly mechanism: 'OAUTHBEARER'; readonly token: string | (() => Promise<string>) }

export interface KafkaSettings {
  /** `host:port` of some brokers; they name the others. */
  readonly brokers: readonly string[]
  readonly clientId: string
  /** Before the names of topics and groups, so that several systems share a cluster. */
  readonly prefix: string
  /** Of a topic that is new; one that is there must have as many at least. */
  readonly partitions: number
  /** Of a topic that is new; -1: what the brokers say. */
  readonly replicas: number
  /** How long a topic that is new keeps messages, milliseconds. */
  readonly retentionMs: number
  /** After this long without a heartbeat an instance's partitions go to the others, milliseconds. */
  readonly sessionTimeoutMs: number
  /** Whoever is left hears at its next heartbeat that a dead instance's partitions are shared out, milliseconds. */
  readonly heartbeatMs: number
  /** Nothing read for this long while there is something to read: the consumer is made anew, milliseconds. */
  readonly stallMs: number
  /** Messages that are read ahead. */
  readonly readAheadCount: number
  /** Bytes of one message's value: below a broker's default for a batch, with room for key and headers. */
  readonly valueBytesMax: number
  /** Of the records that are sent; both are read. Seven headers cost a sixth of all work and more. */
  readonly contentMode: ContentMode
  readonly tls: TlsOptions | undefined
  readonly sasl: Sasl | undefined
}

/** All but the brokers have defaults. */
export type KafkaOptions = Pick<KafkaSettings, 'brokers'> & Partial<KafkaSettings>

const SETTINGS_DEFAULT: Omit<KafkaSettings, 'brokers'> = {
  clientId: 'ensemble',
  prefix: '',
  partitions: 4,
  replicas: -1,
  retentionMs: 7 * 86_400_000,
  sessionTimeoutMs: 12_000,
  heartbeatMs: 500,
  stallMs: 30_000,
  readAheadCount: 128,
  valueBytesMax: 1_000_000,
  contentMode: 'structured',
  tls: undefined,
  sasl: undefined,
}

export function settingsOf(options: KafkaOptions): KafkaSettings {
  const settings = { ...SETTINGS_DEFAULT, ...options }
  // A session lasts for some heartbeats, or one that is late ends it.
  return { ...settings, heartbeatMs: Math.min(settings.heartbeatMs, settings.sessionTimeoutMs / 4) }
}

/** How often a request is tried again before whoever asked hears of it: they have backoff of their own. */
const RETRIES = 2
const RETRY_DELAY_MS = 250
const REQUEST_MS_MAX = 10_000

/** What every client of the library is given. */
export function clientOptions({ brokers, clientId, tls, sasl }: KafkaSettings): BaseOptions {
  return {
    clientId,
    bootstrapBrokers: [...brokers],
    autocreateTopics: false,
    retries: RETRIES,
    retryDelay: RETRY_DELAY_MS,
    requestTimeout: REQUEST_MS_MAX,
    ...(tls !== undefined && { tls }),
    ...(sasl !== undefined && { sasl }),
  }
}

/** After a failure; a broker is away for seconds, not for minutes. */
export const AGAIN: RetryPolicy = { delayMsMin: 100, delayMsMax: 2_000, attemptsMax: 1 }
