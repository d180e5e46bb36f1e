// Owns: the one way a HTTP server of this system is made: what is checked, refused, answered and documented before and
// after the routes of any service.
// Not here: the routes of services (mounted by `mount`), who a token speaks for (`guard`).
// I1: every answer that is an error is a problem document, also those of the socket and of the router.
// I2: routes decide nothing by themselves about sizes, types or unknown members; their schemas do.
import cors from '@fastify/cors'
import helmet from '@fastify/helmet'
import pressure from '@fastify/under-pressure'
import fastify from 'fastify'
import type { FastifyBaseLogger, FastifyReply, FastifyRequest } from 'fastify'
import { serializerCompiler } from 'fastify-type-provider-zod'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import type { Socket } from 'node:net'
import { guardRoutes } from './access.ts'
import type { Guard } from './access.ts'
import { acceptJson } from './body.ts'
import { docsRoutes, registerOpenApi } from './docs.ts'
import type { OpenApiInfo } from './docs.ts'
import { problemOf } from './faults.ts'
import { wellFormedRequestId } from './headers.ts'
import { healthRoutes } from './health.ts'
import type { HealthOptions } from './health.ts'
import { isProbe, limitersOf } from './limits.ts'
import type { RateLimits } from './limits.ts'
import { boundInFlight } from './in-flight.ts'
import { keepState } from './ports.ts'
import type { Clock, Ids, Routes, Server, ServerState } from './ports.ts'
import { problem, problemDocument, retryLater } from './problem.ts'
import type { Problem } from './problem.ts'
import { answerUnknownRoutes } from './routing.ts'
import { PROBLEM_TYPE } from './schemas.ts'
import { Violation, problemOfViolation, validatorCompiler } from './validation.ts'

export const BODY_LIMIT_BYTES = 1024 * 1024

/** A request that is not complete by then is somebody holding sockets. */
const REQUEST_MS_MAX = 30_000
const PATH_PARAM_LENGTH_MAX = 256
const DRAINING_RETRY_SECONDS = 1

const EXPOSED_HEADERS = [
  'Allow',
  'Idempotency-Replayed',
  'Location',
  'Preference-Applied',
  'Retry-After',
  'X-Request-Id',
]

export interface ServerOptions extends HealthOptions {
  readonly clock: Clock
  readonly ids: Ids
  readonly openapi: OpenApiInfo
  readonly bodyLimitBytes?: number
  /** Without one nothing is logged. */
  readonly logger?: FastifyBaseLogger
  /** Origins whose pages may call; without any, none may. Never with credentials. */
  readonly corsOrigins?: readonly string[]
  /** Without them everybody may call as often as he likes. */
  readonly rateLimits?: () => RateLimits
  /** Addresses and networks whose X-Forwarded-For says who called; without any, whoever connects is who calls. */
  readonly trustedProxies?: readonly string[]
  /** Without one everybody may call everything. */
  readonly guard?: Guard
  /** Is given the server before anything else may refuse a request: its hooks see all of them. */
  readonly watch?: (server: Server) => void
  /** Refuse with 503 when the event loop lags more than that; without it nothing is refused. */
  readonly eventLoopDelayMsMax?: number
  /** Refuse with 503 what comes while so many requests are being answered; without it nothing is refused. */
  readonly inFlightMax?: () => number
}

/** A server with everything shared in place, ready for `mount` and `listen`. */
export async function createServer(options: ServerOptions): Promise<Server> {
  const { clock, ids, openapi, version } = options
  const state: ServerState = { clock, ids, phase: 'open' }
  const server: Server = fastify({
    ...(options.logger && { loggerInstance: options.logger }),
    bodyLimit: options.bodyLimitBytes ?? BODY_LIMIT_BYTES,
    requestTimeout: REQUEST_MS_MAX,
    trustProxy: options.trustedProxies?.length ? [...options.trustedProxies] : false,
    // Refused by a hook below instead, with a problem document.
    return503OnClosing: false,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: PATH_PARAM_LENGTH_MAX },
    genReqId: (request) => wellFormedRequestId(request.headers['x-request-id']) ?? ids.uuid(),
    frameworkErrors: (error, request, reply) => {
      void sendProblem(problemOf(error), request, reply)
    },
    clientErrorHandler: (error, socket) => answerSocketError(error, socket, ids),
  }).withTypeProvider<ZodTypeProvider>()
  keepState(server, state)
  server.setValidatorCompiler(validatorCompiler)
  server.setSerializerCompiler(serializerCompiler)
  server.setErrorHandler((error, request, reply) => answerError(error, request, reply))
  options.watch?.(server)
  server.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id)
  })
  acceptJson(server)
  await registerGuards(server, options)
  refuseWhileDraining(server, state)
  const { inFlightMax: countMax } = options
  if (countMax !== undefined) boundInFlight(server, { countMax, isExempt: isProbe })
  const limiters = options.rateLimits && (await limitersOf(server, options.rateLimits))
  if (limiters !== undefined) server.addHook('onRequest', limiters.address)
  answerUnknownRoutes(server)
  guardRoutes(server, options.guard)
  if (limiters !== undefined) server.addHook('onRequest', limiters.caller)
  await registerOpenApi(server, { ...openapi, version })
  healthRoutes(server, options)
  docsRoutes(server, openapi)
  return server
}

/** Adds a service's routes, below `prefix` if given. Any number of services may share a server. */
export function mount(
  server: Server,
  routes: Routes,
  { prefix = '' }: { readonly prefix?: string } = {},
): void {
  void server.register(
    async (scope) => {
      routes(scope.withTypeProvider<ZodTypeProvider>())
    },
    { prefix },
  )
}

async function registerGuards(server: Server, options: ServerOptions): Promise<void> {
  await server.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
    },
    // Whoever ends TLS in front of us decides about HTTPS for the host.
    strictTransportSecurity: false,
  })
  if (options.corsOrigins !== undefined && options.corsOrigins.length > 0) {
    await server.register(cors, {
      origin: [...options.corsOrigins],
      methods: ['GET', 'HEAD', 'POST', 'PUT', 'DELETE'],
      exposedHeaders: EXPOSED_HEADERS,
      maxAge: 600,
    })
  }
  if (options.eventLoopDelayMsMax !== undefined) {
    await server.register(pressure, {
      maxEventLoopDelay: options.eventLoopDelayMsMax,
      pressureHandler: (request) => {
        // A busy process is alive; restarting it would add to the load.
        if (!isLiveness(request)) throw retryLater(1, 'The service is over its load.')
      },
    })
  }
}

function refuseWhileDraining(server: Server, state: ServerState): void {
  server.addHook('onRequest', async (request, reply) => {
    if (state.phase !== 'closing') return
    reply.header('connection', 'close')
    if (!isLiveness(request)) throw retryLater(DRAINING_RETRY_SECONDS, 'This instance is shutting down.')
  })
  server.addHook('onSend', async (_request, reply) => {
    if (state.phase === 'closing') reply.header('connection', 'close')
  })
}

function isLiveness(request: FastifyRequest): boolean {
  return request.routeOptions.url === '/health/live' || request.routeOptions.url === '/v1/health'
}

function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const found = error instanceof Violation ? problemOfViolation(error, request.body) : problemOf(error)
  if (found.status >= 500 && found.cause !== undefined) request.log.error({ err: found.cause }, found.code)
  return sendProblem(found, request, reply)
}

function sendProblem(found: Problem, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return (
    reply
      .code(found.status)
      .headers({ ...found.headers, 'x-request-id': request.id, 'cache-control': 'no-store' })
      .type(PROBLEM_TYPE)
      // A route may have set a serializer of its own before it failed.
      .serializer((text: string) => text)
      .send(JSON.stringify(problemDocument(found, request.url, request.id)))
  )
}

/** What is not even HTTP never becomes a request; it is answered on the socket. */
function answerSocketError(error: NodeJS.ErrnoException, socket: Socket, ids: Ids): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const found = SOCKET_PROBLEMS.get(error.code ?? '') ?? SOCKET_PROBLEM
  const id = ids.uuid()
  const body = JSON.stringify(problemDocument(found, '/', id))
  const lines = [
    `HTTP/1.1 ${found.status} ${found.code}`,
    `Content-Type: ${PROBLEM_TYPE}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Request-Id: ${id}`,
    'Connection: close',
  ]
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`)
}

const SOCKET_PROBLEM = problem(400, 'http-malformed', 'This is not a well-formed HTTP request.')
const SOCKET_PROBLEMS: ReadonlyMap<string, Problem> = new Map([
  ['HPE_HEADER_OVERFLOW', problem(431, 'headers-too-large', 'The request headers are over the size limit.')],
  ['ERR_HTTP_REQUEST_TIMEOUT', problem(408, 'request-timeout', 'The request did not arrive in time.')],
])
