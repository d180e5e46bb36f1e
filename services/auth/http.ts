// Owns: the routes of the original's auth service, and those that look after clients, keys and what happened.
// I1: without `AUTH_ISSUER` nobody is asked who he is, so nobody may make what would be trusted later.
// I2: nobody gives a client more than he may do himself.
import {
  allow,
  callerOf,
  conflict,
  forbidden,
  KNOWN,
  listEnvelope,
  listSchema,
  notFound,
  offsetOf,
  pagination,
  problem,
  problems,
  PUBLIC,
  type Called,
  type Caller,
  type Problem,
  type Routes,
  type Server,
} from '@ensemble/http'
import type { Clock, Ids } from '@ensemble/runtime'
import type { Passwords } from '@ensemble/service/passwords'
import type { Slots } from '@ensemble/service/slots'
import { isWithin, PERMISSIONS, rowIdOf } from '@ensemble/service-contracts'
import { randomBytes } from 'node:crypto'
import * as z from 'zod'
import { AuditRow, type Audit } from './audit-store.ts'
import { clientShown, ClientMade, ClientShown, isCallback, type Client } from './clients.ts'
import type { ClientStore } from './client-store.ts'
import type { Keys } from './key-store.ts'
import type { TokenService } from './provider.ts'
import { PATHS } from './settings.ts'
import type { TokenStore } from './token-store.ts'
import type { Users } from './users.ts'

export interface AuthHttp {
  readonly issuer: string
  readonly service: TokenService
  readonly clients: ClientStore
  readonly tokens: Pick<TokenStore, 'revoke' | 'endLogin'>
  readonly users: Pick<Users, 'login'>
  readonly keys: Pick<Keys, 'rotate'>
  readonly audit: Audit
  readonly passwords: Pick<Passwords, 'hash'>
  readonly slots: Slots
  readonly clock: Pick<Clock, 'now'>
  readonly ids: Pick<Ids, 'next'>
}

const tags = ['auth']
const SECRET_BYTES = 32
const KEY_BYTES = 12

const Name = z.string().trim().min(1).max(100)
const ClientRequest = z.strictObject({
  client_name: Name,
  is_first_party: z.boolean().default(false).describe('Whether it may log users in with their passwords'),
  redirect_url: z
    .union([
      z.literal(''),
      z
        .url({ protocol: /^https?$/ })
        .max(2_000)
        .refine(isCallback, 'must be https, or here'),
    ])
    .default('')
    .describe('Where a browser goes when its user has signed in; https, or http on this machine'),
  scope: z
    .array(z.enum(PERMISSIONS))
    .max(PERMISSIONS.length)
    .default([])
    .describe('What it may do for itself; a client of the first party may check logins in any case'),
})
const ClientToken = z.object({
  client_key: z.string().min(1).max(64),
  client_secret: z.string().min(1).max(200),
})
const LoginBody = z.object({ username: z.string().min(1).max(100), password: z.string().min(1).max(128) })

const TokenShown = z.object({
  token_type: z.literal('bearer'),
  access_token: z.string(),
  expires_at: z.int().describe('Seconds since the epoch'),
})
const LoginShown = TokenShown.extend({ refresh_token: z.string() })
const Authorization = z.object({
  expire_at: z.int(),
  issuer: z.string().describe('Key of the client'),
  session: z.object({
    level: z.enum(['client', 'user']),
    uuid_user: z.uuid().nullable(),
    scope: z.array(z.string()),
  }),
})

export function authRoutes(http: AuthHttp): Routes {
  return (server) => {
    clientRoutes(server, http)
    tokenRoutes(server, http)
    authorizationRoutes(server, http)
    keeperRoutes(server, http)
  }
}

function clientRoutes(server: Server, http: AuthHttp): void {
  server.post(
    '/v1/client',
    {
      schema: {
        tags,
        summary: 'Makes a client; its secret is shown here only',
        body: ClientRequest,
        response: { 200: ClientMade, ...problems(401, 403, 409, 422) },
      },
      config: allow('client:write'),
    },
    async (request, reply) => {
      reply.header('cache-control', 'no-store')
      return await made(http, callerAt(request), request.body)
    },
  )
  server.get(
    '/v1/client/list',
    {
      schema: {
        tags,
        summary: 'Clients, newest first',
        querystring: pagination,
        response: { 200: listSchema(ClientShown), ...problems(401, 403, 422) },
      },
      config: allow('client:read'),
    },
    async ({ query }) => {
      const { total, results } = await http.clients.list({ limit: query.limit, offset: offsetOf(query) })
      return listEnvelope(query, { total, results: results.map((one) => clientShown(one, keysUrl(http))) })
    },
  )
  server.delete(
    '/v1/client/:key',
    {
      schema: {
        tags,
        summary: 'Removes a client; its tokens are refused from now on',
        params: z.object({ key: z.string().max(64) }),
        response: { 200: Done, ...problems(401, 403, 404) },
      },
      config: allow('client:write'),
    },
    async (request) => {
      const { key } = request.params
      const { clientId } = callerAt(request)
      const isRemoved = await http.clients.remove(key, http.clock.now())
      if (!isRemoved) throw notFound('unknown-client', 'There is no client with this key.')
      await http.tokens.revoke(`client ${key}`)
      await http.audit.note({ kind: 'client.removed', clientKey: clientId, about: key })
      return DONE
    },
  )
}

const Done = z.object({ status: z.literal('OK') })
const DONE = { status: 'OK' as const }

async function made(
  http: AuthHttp,
  caller: Caller,
  body: z.infer<typeof ClientRequest>,
): Promise<z.infer<typeof ClientMade>> {
  const { clients, passwords, slots, audit, clock, ids } = http
  const { client_name: name, is_first_party: isFirstParty, redirect_url: redirectUrl, scope } = body
  if (!isWithin(scope, caller.permissions)) throw forbidden(scope)
  const secret = randomBytes(SECRET_BYTES).toString('base64url')
  const uuid = ids.next()
  const now = clock.now()
  const client: Client = {
    uuid,
    rowId: rowIdOf(uuid),
    name,
    key: randomBytes(KEY_BYTES).toString('base64url'),
    secretHash: await slots(() => passwords.hash(secret)),
    permissions: [...new Set(isFirstParty ? [...scope, 'login:check'] : scope)],
    isFirstParty,
    redirectUrl,
    createdAt: now,
    updatedAt: now,
  }
  if (!(await clients.add(client))) throw conflict('duplicate-client', 'Another client has this name.')
  await audit.note({
    kind: 'client.added',
    clientKey: caller.clientId,
    userId: caller.userId,
    about: client.key,
  })
  return { ...clientShown(client, keysUrl(http)), ClientSecret: secret }
}

function keysUrl({ issuer }: Pick<AuthHttp, 'issuer'>): string {
  return `${issuer}${PATHS.jwks}`
}

function tokenRoutes(server: Server, http: AuthHttp): void {
  server.post(
    '/v1/token/client',
    {
      schema: {
        tags,
        summary: 'A token for a client',
        description: 'As `POST /oauth/token` with `grant_type=client_credentials`.',
        body: ClientToken,
        response: { 200: TokenShown, ...problems(401, 422, 429, 503) },
      },
      config: PUBLIC,
    },
    async ({ body: { client_key: client_id, client_secret } }, reply) => {
      reply.header('cache-control', 'no-store')
      const form = { grant_type: 'client_credentials', client_id, client_secret }
      const asked = { method: 'POST' as const, path: PATHS.token, headers: {}, form }
      const { status, headers, body } = await http.service.ask(asked)
      if (status >= 500) throw new RangeError(`the provider answered ${status}`)
      const rest = headers['retry-after']
      if (typeof rest === 'string')
        throw tooMany('Too many wrong secrets for this key; try again later.', rest)
      if (status !== 200) throw refused('client-refused', 'The key or the secret is wrong.')
      const { access_token } = Given.parse(JSON.parse(body))
      return { token_type: 'bearer' as const, access_token, expires_at: endOf(access_token) }
    },
  )
  // The user service has the first path too; the gateway hands that one to it.
  for (const path of ['/v1/login', '/v1/token/user']) {
    server.post(
      path,
      {
        schema: {
          tags,
          summary: 'Tokens for a user, asked for by a client of the first party',
          body: LoginBody,
          response: { 200: LoginShown, ...problems(401, 403, 422, 429, 503) },
        },
        config: allow('login:check'),
      },
      async (request, reply) => {
        reply.header('cache-control', 'no-store')
        return await loggedIn(http, callerAt(request), request.body)
      },
    )
  }
}

const Given = z.object({ access_token: z.string() })

async function loggedIn(
  http: AuthHttp,
  { clientId: clientKey, userId: of }: Caller,
  credentials: z.infer<typeof LoginBody>,
): Promise<z.infer<typeof LoginShown>> {
  const { clients, users, service, audit } = http
  const client = of === null ? await clients.get(clientKey) : undefined
  if (client?.isFirstParty !== true) throw forbidden(['login:check'])
  const verdict = await users.login(credentials)
  if (verdict.status !== 'right') {
    await audit.note({ kind: 'login.refused', clientKey, about: verdict.status })
    if (verdict.status === 'wrong') throw refused('login-failed', 'The username or the password is wrong.')
    throw tooMany('Too many wrong passwords; try again later.', verdict.retryAfter)
  }
  const { session, role } = verdict.session
  const issued = await service.issue({ clientKey, userId: session.uuid, permissions: role.acl })
  await audit.note({ kind: 'login.succeeded', clientKey, userId: session.uuid })
  const { access_token, refresh_token } = issued
  return { token_type: 'bearer', access_token, expires_at: endOf(access_token), refresh_token }
}

const Ending = z.object({ exp: z.int() })

/** Of a token that was made here this moment. */
function endOf(token: string): number {
  const [, payload = ''] = token.split('.')
  return Ending.parse(JSON.parse(Buffer.from(payload, 'base64url').toString())).exp
}

function authorizationRoutes(server: Server, http: AuthHttp): void {
  const response = { 200: Authorization, ...problems(401, 403) }
  server.get(
    '/v1/authorization/client',
    { schema: { tags, summary: 'What the token of this call is good for', response }, config: KNOWN },
    async (request) => authorizationOf(callerAt(request)),
  )
  server.get(
    '/v1/authorization/user',
    { schema: { tags, summary: 'The same, for tokens of users', response }, config: KNOWN },
    async (request) => {
      const caller = callerAt(request)
      if (caller.userId === null) throw forbidden([])
      return authorizationOf(caller)
    },
  )
  server.post(
    '/v1/logout',
    {
      schema: {
        tags,
        summary: 'Ends the login of this token, or a client’s token',
        response: { 200: Done, ...problems(401) },
      },
      config: KNOWN,
    },
    async (request) => {
      const { clientId: clientKey, userId, token } = callerAt(request)
      if (token.grantId === null) await http.tokens.revoke(`token ${token.id}`)
      else await http.tokens.endLogin(token.grantId)
      await http.audit.note({ kind: 'login.ended', clientKey, userId })
      return DONE
    },
  )
}

function authorizationOf({ clientId, userId, permissions, token }: Caller): z.infer<typeof Authorization> {
  const level = userId === null ? 'client' : 'user'
  return {
    expire_at: token.expiresAt,
    issuer: clientId,
    session: { level, uuid_user: userId, scope: [...permissions] },
  }
}

function keeperRoutes(server: Server, { keys, audit }: AuthHttp): void {
  const Rotated = z.object({ keys: z.array(z.object({ kid: z.string(), signs_from: z.iso.datetime() })) })
  server.post(
    '/v1/key/rotate',
    {
      schema: {
        tags,
        summary: 'Makes the next signing key; it signs a minute later',
        response: { 200: Rotated, ...problems(401, 403) },
      },
      config: allow('key:write'),
    },
    async (request) => {
      const { clientId: clientKey, userId } = callerAt(request)
      const all = await keys.rotate()
      await audit.note({ kind: 'key.rotated', clientKey, userId })
      return {
        keys: all.map(({ kid, signsFrom }) => ({ kid, signs_from: new Date(signsFrom).toISOString() })),
      }
    },
  )
  server.get(
    '/v1/audit/list',
    {
      schema: {
        tags,
        summary: 'Who did what, newest first',
        querystring: pagination,
        response: { 200: listSchema(AuditRow), ...problems(401, 403, 422) },
      },
      config: allow('audit:read'),
    },
    async ({ query }) =>
      listEnvelope(query, await audit.list({ limit: query.limit, offset: offsetOf(query) })),
  )
}

/** Errors: 409 where nobody is asked who he is. */
function callerAt(request: Called): Caller {
  const caller = callerOf(request)
  if (caller === undefined)
    throw conflict('auth-off', 'Nobody is asked for tokens here; set AUTH_ISSUER first.')
  return caller
}

function tooMany(detail: string, retryAfter: string): Problem {
  return problem(429, 'too-many-attempts', detail, { headers: { 'retry-after': retryAfter } })
}

function refused(code: string, detail: string): Problem {
  return problem(401, code, detail)
}
