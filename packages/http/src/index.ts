// The surface of @ensemble/http: what every HTTP service of the reference system shares.

/** The server, and the routes of services on it. */
export { BODY_LIMIT_BYTES, createServer, mount } from './server.ts'
export type { ServerOptions } from './server.ts'
/** Forms beside JSON, for the routes of OAuth. */
export { acceptForms } from './body.ts'
export type { OpenApiInfo } from './docs.ts'
/** Text in pages. */
export { escapeHtml } from './html.ts'
/** A graceful end: refuse new requests, answer those at work, close. */
export { DRAIN_MS_MAX, drain } from './drain.ts'
export type { DrainOptions } from './drain.ts'
/** Liveness and readiness; `CHECK_MS_MAX` bounds each dependency's probe. */
export { CHECK_MS_MAX } from './health.ts'
export type { HealthOptions } from './health.ts'

/** How often one may call. */
export { standsBy } from './in-flight.ts'
export type { RateLimits } from './limits.ts'

/** What a server asks of its surroundings, and the adapters to this process. */
export type { Check, Clock, Ids, Routes, Server } from './ports.ts'
export { systemClock } from './clock.ts'
export { systemIds } from './ids.ts'

/** Who may call: what routes declare, and who called. */
export {
  allow,
  callerOf,
  forbidden,
  KNOWN,
  ownerFor,
  PUBLIC,
  refuseOthers,
  routesOf,
  scopeOf,
  unauthorized,
} from './access.ts'
export type { Access, Called, Caller, DeclaredRoute, Guard } from './access.ts'

/** Errors: problem details (RFC 9457). */
export {
  Problem,
  badHeader,
  conflict,
  notFound,
  problem,
  retryLater,
  tooEarly,
  unprocessable,
} from './problem.ts'
export type { FieldError, ProblemDocument, ProblemExtra } from './problem.ts'

/** Schemas that APIs share: ids, times, lists, problems. */
export { id64, rfc3339, uuid, uuidParam } from './schemas.ts'
export {
  LIMIT_DEFAULT,
  LIMIT_MAX,
  PAGE_MAX,
  listEnvelope,
  listSchema,
  offsetOf,
  pagination,
} from './schemas.ts'
export type { Found, ListEnvelope, Pagination } from './schemas.ts'
export { PROBLEM_TYPE, problemSchema, problems } from './schemas.ts'

/** The two shapes of the /v1 contract. */
export { historyDocumentSchema, queuedEnvelope, queuedEnvelopeSchema } from './envelopes.ts'
export type { HistoryDocument, Queued, QueuedEnvelope } from './envelopes.ts'

/** Request headers. */
export { SAGA_PATTERNS, parseSagaPattern, sagaPattern } from './headers.ts'
export type { SagaPattern } from './headers.ts'
export { WAIT_SECONDS_MAX, parseWait, preferenceApplied, waitPreference } from './headers.ts'
export { headerOf } from './headers.ts'
export { idempotencyKey, parseIdempotencyKey } from './headers.ts'

/** Idempotency by key: the wrapper, the store's port, the ids of the work, the request's fingerprint. */
export { TWIN_WAIT_MS_MAX, idempotent } from './idempotency.ts'
export type { Begun, IdempotencyStore, IdempotentOptions, StoredResponse } from './idempotency.ts'
export { memoryIdempotencyStore } from './idempotency-memory.ts'
export { idFromKey } from './ids.ts'
export { canonicalJson, fingerprint } from './fingerprint.ts'
export type { Fingerprinted } from './fingerprint.ts'
