// Owns: the shape of a service as its main.ts offers it, so that the same service runs in one process with
// others
// or alone.
import type { Pattern, SagaRef, Span } from '@ensemble/core'
import type { Check, Routes } from '@ensemble/http'
import type { Bus, Clock, Database, Host, Ids, Queryable, Settings, Stopwatch } from '@ensemble/runtime'
import type { AuthSettings } from './config.ts'
import type { EdgeSettings } from './edge-config.ts'
import type { NotificationSettings } from './notification-config.ts'

/** What a service is given: its own database, the bus, time, chance, and how to reach the other services. */
export interface Platform {
  /** The service's own tables, and the engine's. */
  readonly database: Database
  /**
   * Reads of the API that may be a little stale: the read endpoint where there is one. What decides something, or must
   * see a write of before, asks `database`.
   */
  readonly read: Queryable
  readonly bus: Bus
  /** Whether the bus keeps so much unread that no new sagas should begin. */
  readonly isBusFull: () => boolean
  readonly clock: Clock & Stopwatch
  readonly ids: Ids
  readonly config: Config
  readonly peers: Peers
  /** Tells whoever runs this, a line at a time. */
  readonly say: (line: string) => void
}

/** Settings of the reference system, from the environment, validated at start. */
export interface Config {
  readonly pattern: Pattern
  readonly paymentDueIn: Span
  /** Between two looks for payments of which something is late, and how late that is. */
  readonly paymentReconcileEvery: Span
  /** Most open Pay Later money of one user, whole currency units. */
  readonly payLaterLimit: number
  /** Without them nothing leaves: what would be sent is kept. */
  readonly notification?: NotificationSettings | undefined
  readonly engine: Partial<Settings>
  /** Asked again at every call, because some may change meanwhile; the defaults unless given. */
  readonly edgeNow?: () => EdgeSettings
  /** Who may call is asked of tokens; undefined: nobody is asked. */
  readonly auth: AuthSettings | undefined
  /** In the service's database, for ever and whole, unless given. */
  readonly history?: HistoryConfig
}

/** How history keeps what it is told. */
export interface HistoryConfig {
  readonly place: HistoryPlace
  /** What was told of for the last time longer ago is forgotten; null keeps it. */
  readonly retentionMs: number | null
  /** Names of fields whose values are never kept. */
  readonly redact: readonly string[]
}

/** Where history is kept. */
export type HistoryPlace =
  | { readonly storage: 'postgres' }
  | { readonly storage: 'mongo'; readonly url: string; readonly database: string }
  | (SearchPlace & { readonly storage: 'elasticsearch'; readonly apiKey?: string })
  | (SearchPlace & { readonly storage: 'opensearch' })
  | {
      readonly storage: 's3'
      readonly bucket: string
      /** Object names begin so. */
      readonly prefix: string
      readonly region: string
      /** Another service than Amazon's. */
      readonly endpoint?: string
      /** Else they are found as Amazon's tools do. */
      readonly accessKeyId?: string
      readonly secretAccessKey?: string
    }

interface SearchPlace {
  readonly nodes: readonly string[]
  /** Index names begin so. */
  readonly prefix: string
  readonly username?: string
  readonly password?: string
  /** PEM file of the authority that signed the nodes' certificates. */
  readonly caFile?: string
}

export interface PeerRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Path with query, e.g. `/v2/order/list?limit=5`. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
  /** The media type of a body that goes as the text it is; without one the body goes as JSON. */
  readonly type?: string
}

export interface PeerAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** Each of `Set-Cookie`, which cannot be one header. */
  readonly cookies?: readonly string[]
  readonly body: unknown
}

/** The HTTP APIs of the other services: in the same process without a socket, else over HTTP. */
export interface Peers {
  request(service: string, request: PeerRequest): Promise<PeerAnswer>
}

export interface RunningService {
  readonly host: Host
  /** The service's own HTTP API. */
  readonly routes: Routes
  /** Ends what the service does beside its host, before the host stops. */
  readonly stop?: () => Promise<void>
  /** What readiness depends on beyond the database and the bus. */
  readonly checks?: readonly Check[]
  /** Ends what the service opened itself, after its host. */
  readonly close?: () => Promise<void>
  /** Adds to the OpenAPI document of its own routes, for a service that passes others on. */
  readonly document?: (own: unknown) => Promise<unknown>
}

/** On `ensemble:started`: a request, as Node gave it, started a saga or found it started. */
export interface StartTold {
  readonly request: object
  readonly saga: SagaRef
}

export interface ServiceModule {
  readonly name: string
  /** Folder of the service's migrations; null when it keeps the engine's tables only. */
  readonly migrations: URL | null
  readonly title: string
  /** Callers of the system come here: limits, and which pages may call, are for this one. */
  readonly isPublic?: true
  readonly start: (platform: Platform) => Promise<RunningService>
}
