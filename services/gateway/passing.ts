// Owns: which calls the gateway hands to which service, and handing them over faithfully.
// I1: status, body and headers of the service come back as they are, but for those of one connection.
// I2: the caller's headers that services read go along, and the request keeps one id all the way.
// I3: a service is asked for the path that the router matched: the caller names no host and climbs nowhere.
import {
  idempotencyKey,
  idempotent,
  notFound,
  sagaPattern,
  waitPreference,
  type Server,
} from '@ensemble/http'
import type { PeerAnswer, PeerRequest } from '@ensemble/service'
import type { Gateway } from './gateway.ts'

type Method = PeerRequest['method']

interface Passed {
  readonly methods: readonly Method[]
  readonly path: string
  readonly service: string
  /** Its body holds a password: nothing that is made of it is kept here. The service knows repeated keys itself. */
  readonly isSecret?: true
}

const versioned = (methods: readonly Method[], path: string, service: string): readonly Passed[] =>
  ['/v1', '/v2'].map((version) => ({ methods, path: `${version}${path}`, service }))

const below = (methods: readonly Method[], path: string, service: string): readonly Passed[] =>
  [path, `${path}/*`].map((one) => ({ methods, path: one, service }))

const PASSED: readonly Passed[] = [
  ...versioned(['PUT', 'DELETE'], '/user/:uuid', 'user'),
  { methods: ['GET'], path: '/v2/user/get/:uuid', service: 'user' },
  { methods: ['GET'], path: '/v2/user/list', service: 'user' },
  { methods: ['POST'], path: '/v1/login', service: 'user', isSecret: true },
  { methods: ['POST'], path: '/v1/login/session', service: 'user', isSecret: true },
  { methods: ['GET'], path: '/v1/login/get', service: 'user' },
  { methods: ['GET'], path: '/v1/login/list', service: 'user' },
  ...versioned(['PUT'], '/order/:uuid', 'order'),
  { methods: ['GET'], path: '/v2/order/get/:uuid', service: 'order' },
  { methods: ['GET'], path: '/v2/order/list', service: 'order' },
  { methods: ['GET'], path: '/v2/payment/get/:uuid', service: 'payment' },
  ...versioned(['GET'], '/payment/list', 'payment'),
  ...below(['GET', 'POST', 'DELETE'], '/v1/logger', 'history'),
  ...below(['GET', 'POST'], '/v1/saga', 'history'),
  ...below(['GET', 'POST'], '/v1/notification', 'notification'),
  { methods: ['GET'], path: '/notification/outbox', service: 'notification' },
]

/** Somebody signed what comes here. */
const SIGNED: Passed = { methods: ['POST'], path: '/v1/receiver/*', service: 'notification' }

/** Passed with more care than the others (also in changes.ts), and documented by the service all the same. */
const PASSED_ELSEWHERE: readonly Passed[] = [
  SIGNED,
  ...versioned(['PUT'], '/payment/:uuid', 'payment'),
  ...versioned(['POST'], '/payment', 'payment'),
]

const HEADERS_ASKED = [
  'accept',
  'authorization',
  'idempotency-key',
  'prefer',
  'saga-pattern',
  'traceparent',
  'tracestate',
  'x-twilio-email-event-webhook-signature',
  'x-twilio-email-event-webhook-timestamp',
  'x-twilio-signature',
]
/** Of one connection or of one message as it was sent, not of the answer. */
const HEADERS_OF_HOP = new Set([
  'connection',
  'content-encoding',
  'content-length',
  'date',
  'keep-alive',
  'transfer-encoding',
  'x-request-id',
])

/** What providers send; of no other type is anything signed. */
const SIGNED_TYPES = ['application/json', 'application/x-www-form-urlencoded']

export function passingRoutes(server: Server, gateway: Gateway): void {
  signedRoute(server, gateway)
  for (const { methods, path, service, isSecret = false } of PASSED) {
    for (const method of methods) {
      const schema = { hide: true }
      const pass = async (request: Asked, reply: Replies): Promise<unknown> =>
        answerWith(reply, await gateway.peers.request(service, requestOf(request, method)))
      if (method === 'GET') {
        server.get(path, { schema }, pass)
        continue
      }
      const write = async (request: Asked, reply: Replies): Promise<unknown> => {
        checkHeaders(request, gateway)
        return await pass(request, reply)
      }
      const handler = isSecret ? write : idempotent(gateway.store, write)
      server.route({ method, url: path, schema, handler })
    }
  }
}

/** The body goes on as the text it is: a signature is of what was sent, not of what it means. */
function signedRoute(server: Server, { peers }: Pick<Gateway, 'peers'>): void {
  void server.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser(SIGNED_TYPES, { parseAs: 'string' }, (_request, body, done) =>
      done(null, String(body)),
    )
    scope.post(SIGNED.path, { schema: { hide: true } }, async (request, reply) => {
      const type = request.headers['content-type']
      const asked = { ...requestOf(request, 'POST'), ...(type !== undefined && { type }) }
      return answerWith(reply, await peers.request(SIGNED.service, asked))
    })
  })
}

type Header = Readonly<Record<string, string | readonly string[] | undefined>>

/** What is read of a request here. */
export interface Asked extends Pick<Parameters<typeof idempotencyKey>[0], 'raw'> {
  readonly id: string
  readonly url: string
  readonly params: unknown
  readonly body: unknown
}

export interface Replies {
  code(status: number): unknown
  headers(headers: Readonly<Record<string, string>>): unknown
}

/** Refuses headers that nobody here understands before anybody acts. */
export function checkHeaders(request: Asked, { pattern }: Pick<Gateway, 'pattern'>): void {
  sagaPattern(request, pattern)
  waitPreference(request)
  idempotencyKey(request)
}

export function requestOf(request: Asked, method: Method): PeerRequest {
  const { body } = request
  const path = pathOf(request)
  return { method, path, headers: headersFor(request), ...(body !== undefined && { body }) }
}

/** The request line may hold a whole URL, of which the router reads the path only. */
function pathOf({ url }: Pick<Asked, 'url'>): string {
  const path = url.replace(/^https?:\/\/.*?\//i, '/')
  const [matched] = path.split('?', 1)
  if (new URL(path, 'http://gateway').pathname === matched) return path
  throw notFound('route-not-found', 'There is nothing at this path.')
}

export function headersFor({ raw, id }: Pick<Asked, 'raw' | 'id'>): Readonly<Record<string, string>> {
  const given: Header = raw.headers
  const asked = HEADERS_ASKED.flatMap((name) => {
    const value = given[name]
    return value === undefined ? [] : [[name, String(value)] as const]
  })
  return { ...Object.fromEntries(asked), 'x-request-id': id }
}

/** Gives a service's answer as the gateway's; the body is what the handler returns. */
export function answerWith(reply: Replies, { status, headers, body }: PeerAnswer): unknown {
  const own = Object.entries(headers).filter(([name]) => !HEADERS_OF_HOP.has(name.toLowerCase()))
  reply.code(status)
  reply.headers(Object.fromEntries(own))
  return body
}

/** Whether the gateway hands this call of a service's document over to that service. */
export function isPassed(service: string, method: string, path: string): boolean {
  const asked = method.toUpperCase()
  return [...PASSED, ...PASSED_ELSEWHERE].some(
    (one) =>
      one.service === service &&
      one.methods.some((known) => known === asked) &&
      patternOf(one.path).test(path),
  )
}

/** Of a route's path or of a document's: a name in either stands for one segment, `*` for the rest. */
function patternOf(path: string): RegExp {
  const segments = path.split('/').map((segment) => {
    if (segment === '*') return '.*'
    return segment.startsWith(':') ? '[^/]+' : segment.replaceAll('.', '\\.')
  })
  return new RegExp(`^${segments.join('/')}$`)
}

export const PASSED_SERVICES: readonly string[] = [...new Set(PASSED.map(({ service }) => service))]
