// Owns: what this package asks of its surroundings, as narrow as its need, and the names of what it hands out.
// Not here: the adapters (clock.ts, ids.ts) and the store of idempotent answers (idempotency.ts).
import type { FastifyBaseLogger, FastifyInstance, FastifyRequest, RawServerDefault } from 'fastify'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'

/** Time in milliseconds since the epoch, and a wait that ends early, without an error, when `signal` aborts. */
export interface Clock {
  now(): number
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

export interface Ids {
  uuid(): string
}

/** One dependency of readiness. `probe` resolves when it is usable and rejects, or never ends, when it is not. */
export interface Check {
  readonly name: string
  readonly probe: (signal: AbortSignal) => Promise<unknown>
}

export type Server = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>

/** A service's routes. Several may be mounted on one server; see `mount`. */
export type Routes = (server: Server) => void

/** The parts of a request that the parsers here read; every Fastify request has them. */
export type AnyRequest = Pick<FastifyRequest, 'raw' | 'server' | 'method' | 'url' | 'body' | 'routeOptions'>

/** What `createServer` keeps for its own routes and for `idempotent` and `drain`. */
export interface ServerState {
  readonly clock: Clock
  readonly ids: Ids
  /** open: serves. leaving: still serves, readiness says no. closing: new requests are refused. */
  phase: 'open' | 'leaving' | 'closing'
}

const STATE = 'ensembleHttp'

export function keepState(server: Pick<Server, 'decorate'>, state: ServerState): void {
  server.decorate(STATE, { getter: () => state })
}

export function stateOf(server: Pick<FastifyInstance, 'getDecorator'>): ServerState {
  return server.getDecorator<ServerState>(STATE)
}
