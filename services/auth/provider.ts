// Owns: oidc-provider for this system, asked without a socket, with grants of our own.
// Does not own: the routes (oauth-http.ts, browser-http.ts, http.ts), its settings, what is stored (token-store.ts),
// passwords of users (users.ts), what happens on the page where they sign in (sign-in.ts).
// I1: a secret is compared with its hash, a few at a time; a key that nobody has takes as long, and counts as much.
// I2: a token allows what both the asker may have and somebody asked for; who asks for more is refused.
// I3: what happened is noted before it is answered.
// I4: an access token is nowhere stored; asked about or revoked, it is checked by its own signature.
import type { Clock } from '@ensemble/runtime'
import type { Passwords } from '@ensemble/service/passwords'
import type { Slots } from '@ensemble/service/slots'
import { digestOf, TOKEN_ALGORITHM, TOKEN_AUDIENCE, TOKEN_TYPE } from '@ensemble/service/tokens'
import { createLocalJWKSet, jwtVerify } from 'jose'
import { inject } from 'light-my-request'
import { errors, Provider, type KoaContextWithOIDC } from 'oidc-provider'
import * as z from 'zod'
import type { Audit } from './audit-store.ts'
import { publicJwk, type SigningKey } from './keys.ts'
import type { Keys } from './key-store.ts'
import { troublePage } from './pages.ts'
import { secretGuesses, secretOf, type SecretGuesses, type ShownSecret } from './secret-guesses.ts'
import { askWhetherOut, PATHS, settingsOf, SIGN_OUT_PATH, TARGET } from './settings.ts'
import { show, signIn, SIGN_IN_PATH } from './sign-in.ts'
import { ACCESS_SECONDS, type TokenStore } from './token-store.ts'
import type { Users } from './users.ts'

export interface ProviderParts {
  readonly issuer: string
  readonly keys: Pick<Keys, 'current'>
  readonly tokens: TokenStore
  readonly users: Users
  readonly audit: Pick<Audit, 'note'>
  readonly passwords: Pick<Passwords, 'isRight'>
  readonly slots: Slots
  readonly clock: Pick<Clock, 'now'>
}

export interface Asked {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly form?: Readonly<Record<string, string>> | undefined
  /** JSON unless it says a page. */
  readonly accept?: 'text/html'
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: string
}

export interface Issued {
  readonly access_token: string
  readonly refresh_token: string
  readonly expires_in: number
  readonly scope: string
  readonly token_type: string
}

export interface Login {
  readonly clientKey: string
  readonly userId: string
  readonly permissions: readonly string[]
}

export interface TokenService {
  ask(asked: Asked): Promise<Answer>
  /** Tokens of a user who has just shown who he is. */
  issue(login: Login): Promise<Issued>
}

type Oidc = Pick<KoaContextWithOIDC, 'oidc'>
type Context = KoaContextWithOIDC
type ProviderClient = NonNullable<Context['oidc']['client']>

const BEARER = { token_type: 'Bearer', expires_in: ACCESS_SECONDS }

export function tokenService(parts: ProviderParts): TokenService {
  let made: { readonly kids: string; readonly provider: Provider } | undefined
  const guesses = secretGuesses(parts.clock)
  const current = async (): Promise<Provider> => {
    const keys = await parts.keys.current()
    const kids = keys.map(({ kid }) => kid).join()
    if (made?.kids !== kids) made = { kids, provider: providerOf({ ...parts, guesses }, keys) }
    return made.provider
  }
  return {
    ask: async (asked) => {
      const provider = await current()
      const shown = secretOf(asked)
      const ms = shown === undefined ? 0 : guesses.restMs(shown)
      if (ms > 0) return await resting(parts, ms)
      const answer = await askedOf(provider, parts, asked)
      const isNobody =
        shown !== undefined && answer.status === 401 && !(await provider.Client.find(shown.key))
      if (isNobody) await isRightSecret({ ...parts, guesses }, shown, undefined)
      return answer
    },
    issue: async (login) => {
      const provider = await current()
      const client = await provider.Client.find(login.clientKey)
      if (client === undefined) throw new RangeError('the client is gone')
      return await issued(provider, client, login)
    },
  }
}

async function askedOf(
  provider: Provider,
  { issuer }: Pick<ProviderParts, 'issuer'>,
  { method, path, headers, form, accept }: Asked,
): Promise<Answer> {
  const payload = form && new URLSearchParams({ ...form }).toString()
  const type = form && { 'content-type': 'application/x-www-form-urlencoded' }
  const answer = await inject((request, response) => void provider.callback()(request, response), {
    method,
    url: path,
    headers: { ...headers, ...type, ...addressOf(issuer), accept: accept ?? 'application/json' },
    ...(payload !== undefined && { payload }),
  })
  return { status: answer.statusCode, headers: answer.headers, body: answer.body }
}

interface Judging extends Pick<ProviderParts, 'passwords' | 'slots'> {
  readonly guesses: SecretGuesses
}

/** A guess is counted in its turn, so no more than are compared at a time get past a rest together. */
async function isRightSecret(
  { passwords, slots, guesses }: Judging,
  shown: ShownSecret,
  hash: string | undefined,
): Promise<boolean> {
  return await slots(async () => {
    const isRight = guesses.restMs(shown) === 0 && (await passwords.isRight(shown.secret, hash))
    if (isRight) guesses.right(shown)
    else guesses.wrong(shown)
    return isRight
  })
}

async function resting({ audit }: Pick<ProviderParts, 'audit'>, ms: number): Promise<Answer> {
  await audit.note({ kind: 'token.refused', clientKey: null, about: 'slow_down' })
  const error_description = 'too many wrong secrets for this client; try again later'
  return {
    status: 400,
    headers: { 'retry-after': String(Math.ceil(ms / 1_000)) },
    body: JSON.stringify({ error: 'slow_down', error_description }),
  }
}

function providerOf(parts: ProviderParts & Judging, keys: readonly SigningKey[]): Provider {
  const provider = new Provider(parts.issuer, settingsOf(parts, keys))
  // What it says of its own address is the issuer's, which comes with each question.
  provider.proxy = true
  const { users, tokens, audit } = parts
  provider.Client.prototype.compareClientSecret = async function compare(
    this: ProviderClient,
    actual: string,
  ): Promise<boolean> {
    return await isRightSecret(parts, { key: this.clientId, secret: actual }, this.clientSecret)
  }
  provider.registerGrantType<Scoped>(
    'client_credentials',
    async (context) => {
      const { client, params } = context.oidc
      const scope = scopeOf(params.scope, permissionsOf(client))
      const token = new provider.ClientCredentials({ client, scope })
      token.resourceServer = new provider.ResourceServer(TOKEN_AUDIENCE, { ...TARGET, scope })
      context.body = { ...BEARER, access_token: await token.save(), scope }
    },
    ['scope'],
  )
  provider.registerGrantType<Scoped & Named>(
    'password',
    async (context) => {
      const { client, params } = context.oidc
      const { username = '', password = '', scope } = params
      const verdict = await users.login({ username, password })
      if (verdict.status === 'wrong') throw new errors.InvalidGrant('the username or the password is wrong')
      if (verdict.status === 'resting') {
        context.set('retry-after', verdict.retryAfter)
        throw new errors.CustomOIDCProviderError('slow_down', 'too many wrong passwords; try again later')
      }
      const { session, role } = verdict.session
      const permissions = scopeOf(scope, role.acl).split(' ')
      const login = { clientKey: client.clientId, userId: session.uuid, permissions }
      context.body = await issued(provider, client, login)
      await audit.note({ kind: 'login.succeeded', clientKey: client.clientId, userId: session.uuid })
    },
    ['username', 'password', 'scope'],
  )
  provider.use<object, Oidc>(async (context, next) => {
    if (context.path.startsWith(`${SIGN_IN_PATH}/`))
      return await signIn({ provider, users, tokens, audit }, context)
    await next()
    await answerForAccessTokens(parts, keys, context)
    await noteGrant(audit, context)
    if (isForeign(context)) {
      if (context.path === PATHS.end_session) askWhetherOut(context)
      else show(context, troublePage(400, WAY_NOT_OFFERED))
    }
    // The library says the scope again that was asked for, and people paste what they should not.
    if (isError(context.body)) context.body = shortened(context.body)
  })
  return provider
}

const WAY_NOT_OFFERED = 'The program that sent you here wants an answer in a way that is not offered.'

/** A page of the library's own: it has a script. */
function isForeign({ type, status, response }: Context): boolean {
  return status !== 303 && type === 'text/html' && response.headers['content-security-policy'] === undefined
}

function addressOf(issuer: string): Record<string, string> {
  const { host, protocol } = new URL(issuer)
  return { 'x-forwarded-host': host, 'x-forwarded-proto': protocol.slice(0, -1) }
}

/** What a client may do for itself; its `scope` is what it may ask for, of its users too. */
function permissionsOf(client: ProviderClient): readonly string[] {
  const { permissions } = client.metadata()
  return typeof permissions === 'string' ? permissions.split(' ') : []
}

interface Scoped {
  readonly scope?: string | undefined
}

interface Named {
  readonly username?: string | undefined
  readonly password?: string | undefined
}

/** What was asked for of what may be had; all of it when nothing was said. */
function scopeOf(asked: string | undefined, may: readonly string[]): string {
  const held = may.filter((name) => name !== '')
  if (asked === undefined) return held.join(' ')
  const wanted = asked.split(' ').filter((name) => name !== '')
  const more = wanted.find((name) => !held.includes(name))
  if (more !== undefined) throw new errors.InvalidScope('requested scope is not allowed', more)
  return wanted.join(' ')
}

async function issued(provider: Provider, client: ProviderClient, login: Login): Promise<Issued> {
  const { userId: accountId, permissions } = login
  const scope = permissions.join(' ')
  const { clientId } = client
  const grant = new provider.Grant({ accountId, clientId })
  grant.addResourceScope(TOKEN_AUDIENCE, scope)
  const grantId = await grant.save()
  const about = { client, accountId, grantId, gty: 'password', scope }
  const access = new provider.AccessToken(about)
  access.resourceServer = new provider.ResourceServer(TOKEN_AUDIENCE, { ...TARGET, scope })
  const refresh = new provider.RefreshToken({ ...about, resource: TOKEN_AUDIENCE })
  const refresh_token = await refresh.save()
  return { ...BEARER, access_token: await access.save(), refresh_token, scope }
}

const Claims = z.looseObject({
  jti: z.string(),
  client_id: z.string(),
  sub: z.string(),
  grant: z.string().optional(),
})
type Claims = z.infer<typeof Claims>

/** The library refuses tokens that it does not store, after it has found out which client asks. */
async function answerForAccessTokens(
  { issuer, tokens, clock, audit }: ProviderParts,
  keys: readonly SigningKey[],
  context: Context,
): Promise<void> {
  const { path, body, oidc } = context
  if (path !== PATHS.introspection && path !== PATHS.revocation) return
  if (!isError(body, 'unsupported_token_type')) return
  const set = createLocalJWKSet({ keys: keys.map(publicJwk) })
  const { payload } = await jwtVerify(String(oidc.params?.['token']), set, {
    issuer,
    audience: TOKEN_AUDIENCE,
    algorithms: [TOKEN_ALGORITHM],
    typ: TOKEN_TYPE,
    currentDate: new Date(clock.now()),
  }).catch(() => ({ payload: undefined }))
  const claims = Claims.safeParse(payload).data
  context.status = 200
  if (path === PATHS.introspection) {
    const isActive = claims !== undefined && !(await isRevoked(tokens, claims))
    context.body = isActive ? { active: true, token_type: 'Bearer', ...claims } : { active: false }
    return
  }
  context.body = ''
  // Somebody else's token is none of the asker's business (RFC 7009, section 2.1).
  const clientKey = oidc.client?.clientId ?? null
  if (claims === undefined || claims.client_id !== clientKey) return
  if (claims.grant === undefined) await tokens.revoke(`token ${claims.jti}`)
  else await tokens.endLogin(claims.grant)
  await audit.note({
    kind: 'token.revoked',
    clientKey,
    userId: claims.grant === undefined ? null : claims.sub,
  })
}

async function isRevoked(tokens: TokenStore, claims: Claims): Promise<boolean> {
  const since = await tokens.revoked()
  const names = [
    `token ${claims.jti}`,
    `client ${claims.client_id}`,
    `user ${claims.sub}`,
    `login ${claims.grant}`,
  ]
  return names.some((name) => Number(claims['iat']) <= (since[digestOf(name)] ?? 0))
}

async function noteGrant(audit: Pick<Audit, 'note'>, { path, status, body, oidc }: Context): Promise<void> {
  if (path === SIGN_OUT_PATH && status === 303) {
    const { session, client } = oidc
    const clientKey = client?.clientId ?? null
    await audit.note({ kind: 'login.ended', clientKey, userId: session?.accountId ?? null })
  }
  if (path !== PATHS.token) return
  const grant = oidc.params?.['grant_type']
  const clientKey = oidc.client?.clientId ?? null
  if (status !== 200) {
    const kind = grant === 'password' ? 'login.refused' : 'token.refused'
    const error = isError(body) ? body.error : 'failed'
    await audit.note({ kind, clientKey, about: error })
  } else if (grant === 'refresh_token') {
    const userId = oidc.account?.accountId ?? null
    await audit.note({ kind: 'login.refreshed', clientKey, userId })
  } else if (grant !== 'password') {
    const userId = oidc.account?.accountId ?? null
    await audit.note({ kind: 'token.issued', clientKey, userId })
  }
}

function shortened({ error, error_description }: OauthError): OauthError {
  return { error, ...(error_description !== undefined && { error_description }) }
}

interface OauthError {
  readonly error: string
  readonly error_description?: string
}

function isError(body: unknown, error?: string): body is OauthError {
  if (typeof body !== 'object' || body === null || !('error' in body)) return false
  return typeof body.error === 'string' && (error === undefined || body.error === error)
}
