// Owns: answering a repeated write with the first one's answer, by the caller's Idempotency-Key
// (draft-ietf-httpapi-idempotency-key-header).
// Not here: the store (a port; idempotency-memory.ts is one), the ids of the work (ids.ts, idFromKey).
// I1: a key belongs to one method, one path template and one caller (`scope`); no caller ever sees another's answer.
// I2: only answers below 400 are stored: a refusal or a fault did nothing, so its retry is decided afresh.
// I3: the store alone does not make the work happen once: the process may die between the work and `finish`. The
// handler must be safe to run again, so it derives every id it creates from the key (idFromKey) and finds its own work
// there.
import type {
  ContextConfigDefault,
  FastifyReply,
  FastifyRequest,
  FastifySchema,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
  RouteGenericInterface,
  RouteHandlerMethod,
} from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { fingerprint } from './fingerprint.ts'
import { headerOf, idempotencyKey } from './headers.ts'
import { stateOf } from './ports.ts'
import type { Clock } from './ports.ts'
import { problem, tooEarly } from './problem.ts'
import type { Problem } from './problem.ts'

/** A sent answer, byte for byte, so that its replay is equal. */
export interface StoredResponse {
  readonly status: number
  readonly body: string
  /** Headers that the handler set; names in lower case. */
  readonly headers: Readonly<Record<string, string>>
}

export type Begun =
  | { readonly state: 'new' }
  | { readonly state: 'done'; readonly response: StoredResponse }
  | { readonly state: 'mismatch' }
  | { readonly state: 'busy' }

export interface IdempotencyStore {
  /**
   * Claims the key in one atomic step. `busy` while another holds it; a claim whose holder died is given away after a
   * while (a minute is enough for every request here), else its key would be busy for ever.
   */
  begin(key: string, fingerprint: string): Promise<Begun>
  /** Keeps the answer. Of two that were given the key after one another the first answer stays. */
  finish(key: string, response: StoredResponse): Promise<void>
  /** Gives the claim back; does nothing to an answered key. */
  abandon(key: string): Promise<void>
}

export interface IdempotentOptions {
  /** Who asks: keys of different callers never meet. Needed as soon as callers are told apart. */
  readonly scope?: (request: FastifyRequest) => string
  /** Headers that change what is asked for, in lower case. */
  readonly headers?: readonly string[]
}

/** A twin that came while the first is at work waits that long for its answer, then gets 409 with Retry-After. */
export const TWIN_WAIT_MS_MAX = 5_000
const TWIN_POLL_MS = 100
// The clock ends the wait; this ends it under a clock that stands still.
const TWIN_ROUNDS_MAX = (2 * TWIN_WAIT_MS_MAX) / TWIN_POLL_MS
const HEADERS_RELEVANT: readonly string[] = ['saga-pattern']

/**
 * Wraps a route's handler. The handler returns its body, a JSON value (it must not call `reply.send`). Without the
 * header it runs as it is. Same key, same request: the stored answer, with `Idempotency-Replayed: true`. Same key,
 * another request: 422 `idempotency-key-reused`. While the first is at work: its answer when it comes within
 * TWIN_WAIT_MS_MAX, else 409 `idempotency-key-in-use`.
 */
export function idempotent<Schema extends FastifySchema>(
  store: IdempotencyStore,
  handler: HandlerOf<Schema>,
  options?: IdempotentOptions,
): HandlerOf<Schema>
export function idempotent(
  store: IdempotencyStore,
  handler: Handler,
  options: IdempotentOptions = {},
): (this: unknown, request: FastifyRequest, reply: FastifyReply) => Promise<unknown> {
  return async function answer(request, reply) {
    const key = idempotencyKey(request)
    if (key === undefined) return handler.call(this, request, reply)
    const claim = claimOf(request, key, options)
    const stored = await claimed(store, claim, stateOf(request.server).clock)
    if (stored !== undefined) {
      reply.header('idempotency-replayed', 'true')
      return send(reply, stored)
    }
    const response = await answered(() => handler.call(this, request, reply), reply).catch(
      async (fault: unknown) => {
        await letGo(store, claim, request)
        throw fault
      },
    )
    await keep(store, { claim, response, request })
    return send(reply, response)
  }
}

type Handler = (this: unknown, request: FastifyRequest, reply: FastifyReply) => unknown

/** The framework's own type: only with it the types of a route's schema reach the handler that is wrapped. */
type HandlerOf<Schema extends FastifySchema> = RouteHandlerMethod<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  RouteGenericInterface,
  ContextConfigDefault,
  Schema,
  ZodTypeProvider
>

interface Claim {
  readonly key: string
  readonly fingerprint: string
}

function claimOf(request: FastifyRequest, key: string, options: IdempotentOptions): Claim {
  const { method, url: path, body } = request
  const template = request.routeOptions.url ?? path
  const names = options.headers ?? HEADERS_RELEVANT
  const headers = Object.fromEntries(names.map((name) => [name, headerOf(request, name)]))
  return {
    key: JSON.stringify([method, template, options.scope?.(request) ?? '', key]),
    fingerprint: fingerprint({ method, path, body, headers }),
  }
}

/** The stored answer, or undefined: the claim is ours and the work is to do. */
async function claimed(
  store: IdempotencyStore,
  claim: Claim,
  clock: Clock,
): Promise<StoredResponse | undefined> {
  const until = clock.now() + TWIN_WAIT_MS_MAX
  for (let round = 0; round < TWIN_ROUNDS_MAX; round += 1) {
    const begun = await store.begin(claim.key, claim.fingerprint)
    switch (begun.state) {
      case 'new':
        return undefined
      case 'done':
        return begun.response
      case 'mismatch':
        throw problem(422, 'idempotency-key-reused', 'This Idempotency-Key was used for another request.')
      case 'busy':
        if (clock.now() >= until) throw inUse()
        await clock.sleep(TWIN_POLL_MS)
    }
  }
  throw inUse()
}

function inUse(): Problem {
  return tooEarly(
    'idempotency-key-in-use',
    'The first request with this Idempotency-Key is still at work.',
    1,
  )
}

/** The handler's answer as it will be sent: the body by the route's response schema, and the headers it added. */
async function answered(work: () => unknown, reply: FastifyReply): Promise<StoredResponse> {
  const before = reply.getHeaders()
  const body = await work()
  if (body === reply || reply.sent)
    throw new TypeError('a handler under idempotent() returns its body, it never sends it')
  const added = Object.entries(reply.getHeaders()).filter(([name, value]) => before[name] !== value)
  const headers = Object.fromEntries(added.map(([name, value]) => [name, String(value)]))
  if (body === undefined) return { status: reply.statusCode, body: '', headers }
  const text = reply.serialize(body)
  return {
    status: reply.statusCode,
    body: typeof text === 'string' ? text : new TextDecoder().decode(text),
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
  }
}

/** The work is done whatever happens here: a failing store must not turn a committed answer into an error (I3). */
async function keep(
  store: IdempotencyStore,
  { claim, response, request }: { claim: Claim; response: StoredResponse; request: FastifyRequest },
): Promise<void> {
  if (response.status >= 400) return letGo(store, claim, request)
  await store.finish(claim.key, response).catch((error: unknown) => {
    request.log.error({ err: error }, 'the answer of an idempotent request was not stored')
  })
}

async function letGo(store: IdempotencyStore, claim: Claim, request: FastifyRequest): Promise<void> {
  await store.abandon(claim.key).catch((error: unknown) => {
    request.log.error({ err: error }, 'the claim of an idempotent request was not given back')
  })
}

function send(reply: FastifyReply, { status, body, headers }: StoredResponse): FastifyReply {
  return reply
    .code(status)
    .headers(headers)
    .send(body === '' ? undefined : body)
}
