// Owns: which calls the gateway hands to which service, and handing them over faithfully.
// I1: status, body and headers of the service come back as they are, but for those of one connection.
// I2: the caller's headers that services read go along, and the request keeps one id all the way.
// I3: each call declares who may make it; what of his own a caller may touch is decided by the service.
// I4: a service is asked for the path that the router matched: the caller names no host and climbs nowhere.
import {
  acceptForms,
  allow,
  idempotencyKey,
  idempotent,
  KNOWN,
  mount,
  notFound,
  PUBLIC,
  sagaPattern,
  scopeOf,
  waitPreference,
  type Access,
  type Server,
} from '@ensemble/http'
import type { PeerAnswer, PeerRequest } from '@ensemble/service'
import type { Gateway } from './gateway.ts'

type Method = PeerRequest['method']

/** Who may pay an order; whose it is the payment service knows. */
export const PAYS = allow('payment:write', 'payment:own')

interface Passed {
  readonly methods: readonly Method[]
  readonly path: string
  readonly service: string
  readonly config: { readonly access: Access }
  /** Its body or its answer holds a secret: nothing that is made of it is kept here. Of pages, cookies go along. */
  readonly kind?: 'secret' | 'page'
}

type Where = Pick<Passed, 'methods' | 'path'>

const at = (methods: readonly Method[], path: string): readonly Where[] => [{ methods, path }]

const versioned = (methods: readonly Method[], path: string): readonly Where[] =>
  ['/v1', '/v2'].map((version) => ({ methods, path: `${version}${path}` }))

const below = (methods: readonly Method[], path: string): readonly Where[] =>
  [path, `${path}/*`].map((one) => ({ methods, path: one }))

const OWN = ['user:own', 'order:own', 'payment:own'] as const

const to = (
  service: string,
  calls: readonly (readonly [readonly Where[], Passed['config'], Passed['kind']?])[],
): readonly Passed[] =>
  calls.flatMap(([places, config, kind]) =>
    places.map((place) => ({ ...place, service, config, ...(kind !== undefined && { kind }) })),
  )

const PASSED: readonly Passed[] = [
  ...to('user', [
    [versioned(['PUT', 'DELETE'], '/user/:uuid'), allow('user:write', 'user:own')],
    [at(['GET'], '/v2/user/get/:uuid'), allow('user:read', 'user:own')],
    [at(['GET'], '/v2/user/list'), allow('user:read', 'user:own')],
    [at(['POST'], '/v1/login'), allow('login:write'), 'secret'],
    [at(['POST'], '/v1/login/session'), allow('login:check'), 'secret'],
    [at(['GET'], '/v1/login/get'), allow('login:read')],
    [at(['GET'], '/v1/login/list'), allow('login:read')],
  ]),
  ...to('order', [
    [versioned(['PUT'], '/order/:uuid'), allow('order:write', 'order:own')],
    [at(['GET'], '/v2/order/get/:uuid'), allow('order:read', 'order:own')],
    [at(['GET'], '/v2/order/list'), allow('order:read', 'order:own')],
  ]),
  ...to('payment', [
    [at(['GET'], '/v2/payment/get/:uuid'), allow('payment:read', 'payment:own')],
    [versioned(['GET'], '/payment/list'), allow('payment:read', 'payment:own')],
    [at(['GET'], '/v2/payment/reconciliation'), allow('payment:read')],
  ]),
  ...to('history', [
    [below(['GET', 'POST', 'DELETE'], '/v1/logger'), allow('history:read', 'history:write', ...OWN)],
    [below(['GET'], '/v1/saga'), allow('saga:read')],
    [below(['POST'], '/v1/saga'), allow('saga:write')],
  ]),
  ...to('notification', [
    [below(['GET'], '/v1/notification'), allow('notification:read')],
    [below(['POST'], '/v1/notification'), allow('notification:write')],
    [at(['GET'], '/notification/outbox'), allow('notification:read')],
  ]),
  ...to('auth', [
    [at(['POST'], '/v1/client'), allow('client:write'), 'secret'],
    [at(['DELETE'], '/v1/client/:key'), allow('client:write'), 'secret'],
    [at(['GET'], '/v1/client/list'), allow('client:read')],
    [at(['POST'], '/v1/token/client'), PUBLIC, 'secret'],
    [at(['POST'], '/v1/token/user'), allow('login:check'), 'secret'],
    [at(['POST'], '/v1/logout'), KNOWN, 'secret'],
    [below(['GET'], '/v1/authorization'), KNOWN],
    [at(['POST'], '/v1/key/rotate'), allow('key:write'), 'secret'],
    [at(['GET'], '/v1/audit/list'), allow('audit:read')],
    [below(['GET'], '/.well-known'), PUBLIC],
    [at(['GET'], '/oauth/jwks'), PUBLIC],
    [at(['GET'], '/oauth/revoked'), PUBLIC],
    [
      ['token', 'introspect', 'revoke'].map((path) => ({ methods: ['POST'], path: `/oauth/${path}` })),
      PUBLIC,
      'secret',
    ],
    [below(['GET'], '/oauth/authorize'), PUBLIC, 'page'],
    [at(['GET', 'POST'], '/oauth/login/:uid'), PUBLIC, 'page'],
    [at(['GET'], '/oauth/logout'), PUBLIC, 'page'],
    [at(['GET'], '/oauth/logout/success'), PUBLIC, 'page'],
    [at(['POST'], '/oauth/logout/confirm'), PUBLIC, 'page'],
  ]),
]

/** Somebody signed what comes here: providers have ways of their own to show who they are. */
const SIGNED: Passed = {
  methods: ['POST'],
  path: '/v1/receiver/*',
  service: 'notification',
  config: PUBLIC,
}

/** Passed with more care than the others (also in changes.ts), and documented by the service all the same. */
const PASSED_ELSEWHERE: readonly Passed[] = [
  SIGNED,
  ...to('payment', [
    [versioned(['PUT'], '/payment/:uuid'), PAYS],
    [versioned(['POST'], '/payment'), PAYS],
  ]),
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
/** What a browser says of itself to a page. */
const HEADERS_OF_PAGES = ['cookie', 'origin', 'sec-fetch-site']
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
  // Forms are for OAuth alone.
  mount(server, (scope) => {
    acceptForms(scope)
    for (const passed of PASSED) if (passed.service === 'auth') passRoute(scope, gateway, passed)
  })
  for (const passed of PASSED) if (passed.service !== 'auth') passRoute(server, gateway, passed)
}

function passRoute(server: Server, gateway: Gateway, passed: Passed): void {
  const { methods, path, service, config, kind } = passed
  const schema = { hide: true }
  const asked = kind === 'page' ? pageOf : requestOf
  for (const method of methods) {
    const pass = async (request: Asked, reply: Replies): Promise<unknown> =>
      answerWith(reply, await gateway.peers.request(service, asked(request, method)))
    if (method === 'GET') {
      server.get(path, { schema, config }, pass)
      continue
    }
    const write = async (request: Asked, reply: Replies): Promise<unknown> => {
      checkHeaders(request, gateway)
      return await pass(request, reply)
    }
    const handler = kind === undefined ? idempotent(gateway.store, write, { scope: scopeOf }) : write
    server.route({ method, url: path, schema, config, handler })
  }
}

/** The body goes on as the text it is: a signature is of what was sent, not of what it means. */
function signedRoute(server: Server, { peers }: Pick<Gateway, 'peers'>): void {
  void server.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser(SIGNED_TYPES, { parseAs: 'string' }, (_request, body, done) =>
      done(null, String(body)),
    )
    scope.post(SIGNED.path, { schema: { hide: true }, config: SIGNED.config }, async (request, reply) => {
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
  header(name: string, value: string): unknown
  headers(headers: Readonly<Record<string, string | string[]>>): unknown
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

function pageOf(request: Asked, method: Method): PeerRequest {
  const asked = requestOf(request, method)
  return { ...asked, headers: { ...asked.headers, ...headersOf(request, HEADERS_OF_PAGES) } }
}

/** The request line may hold a whole URL, of which the router reads the path only. */
function pathOf({ url }: Pick<Asked, 'url'>): string {
  const path = url.replace(/^https?:\/\/.*?\//i, '/')
  const [matched] = path.split('?', 1)
  if (new URL(path, 'http://gateway').pathname === matched) return path
  throw notFound('route-not-found', 'There is nothing at this path.')
}

export function headersFor(request: Pick<Asked, 'raw' | 'id'>): Readonly<Record<string, string>> {
  return { ...headersOf(request, HEADERS_ASKED), 'x-request-id': request.id }
}

function headersOf({ raw }: Pick<Asked, 'raw'>, names: readonly string[]): Readonly<Record<string, string>> {
  const given: Header = raw.headers
  const asked = names.flatMap((name) => {
    const value = given[name]
    return value === undefined ? [] : [[name, String(value)] as const]
  })
  return Object.fromEntries(asked)
}

/** Gives a service's answer as the gateway's; the body is what the handler returns. */
export function answerWith(reply: Replies, { status, headers, cookies, body }: PeerAnswer): unknown {
  const own = Object.entries(headers).filter(([name]) => !HEADERS_OF_HOP.has(name.toLowerCase()))
  reply.code(status)
  reply.headers(Object.fromEntries(own))
  if (cookies !== undefined) reply.headers({ 'set-cookie': [...cookies] })
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
