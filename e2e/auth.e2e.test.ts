// Tokens as programs and people meet them, through the gateway.
import { routesOf } from '@ensemble/http'
import { PERMISSIONS, ROLE } from '@ensemble/service-contracts'
import { createRemoteJWKSet, customFetch, jwtVerify } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { found } from '../scripts/demo/client.ts'
import {
  ADMIN,
  ADMIN_SECRET,
  ISSUER,
  PASSWORD,
  startGuarded,
  textOf,
  type GuardedSystem,
} from './auth-support.ts'
import { AMOUNT, orderBody, userBody } from './people.ts'

describe('auth', () => {
  let system: GuardedSystem
  beforeAll(async () => {
    system = await startGuarded({ name: 'auth' })
  })
  afterAll(() => system.end())

  /** Resolves when the token is refused everywhere: what is revoked is known after some seconds. */
  const untilRefused = (token: string): Promise<true> =>
    found('the token is refused', async () => {
      const { status } = await system.as('/v1/authorization/client', { token })
      return status === 401 ? true : undefined
    })

  test('every route of every service declares who may call it, by names that exist', () => {
    const names = new Set<string>(PERMISSIONS)
    const routes = [...system.services].flatMap(([service, { server }]) =>
      routesOf(server).map(({ method, url, access }) => ({ call: `${service}: ${method} ${url}`, access })),
    )
    const isDeclared = (access: (typeof routes)[number]['access']): boolean =>
      access === 'public' || access === 'known' || access?.every((name) => names.has(name)) === true
    expect(routes.length).toBeGreaterThan(150)
    expect(routes.filter(({ access }) => !isDeclared(access))).toEqual([])
    const open = routes.filter(({ call, access }) => access === 'public' && call.startsWith('gateway: '))
    expect(open.map(({ call }) => call.slice('gateway: '.length)).toSorted()).toEqual(OPEN)
  })

  test('given a client, when it asks by form, by Basic or as the original did, then it has a token', async () => {
    const shop = await system.client('shop', { scope: ['order:read'] })
    const { client_id: key, client_secret: secret } = shop
    const grant = { grant_type: 'client_credentials' }
    const byForm = await system.oauth('/oauth/token', { ...grant, ...shop })
    expect(byForm).toMatchObject({
      status: 200,
      body: { token_type: 'Bearer', expires_in: 600, scope: 'order:read' },
    })
    expect(byForm.headers.get('cache-control')).toBe('no-store')
    const byBasic = await system.as('/oauth/token', {
      method: 'POST',
      body: grant,
      headers: { authorization: `Basic ${Buffer.from(`${key}:${secret}`).toString('base64')}` },
    })
    const original = await system.as('/v1/token/client', {
      method: 'POST',
      body: { client_key: key, client_secret: secret },
    })
    expect(original).toMatchObject({ status: 200, body: { token_type: 'bearer' } })
    for (const answer of [byForm, byBasic, original]) {
      const token = textOf(answer, 'access_token')
      expect((await system.as('/v2/order/list', { token })).status).toBe(200)
      expect((await system.as('/v2/user/list', { token })).status).toBe(403)
      expect((await system.as('/v1/authorization/client', { token })).body).toMatchObject({
        issuer: key,
        session: { level: 'client', uuid_user: null, scope: ['order:read'] },
      })
    }
  })

  test('given the discovery document, when another gateway follows it, then it can check tokens', async () => {
    const { body } = await system.as('/.well-known/openid-configuration')
    expect(body).toMatchObject({
      issuer: ISSUER,
      token_endpoint: `${ISSUER}/oauth/token`,
      introspection_endpoint: `${ISSUER}/oauth/introspect`,
      revocation_endpoint: `${ISSUER}/oauth/revoke`,
      authorization_endpoint: `${ISSUER}/oauth/authorize`,
      end_session_endpoint: `${ISSUER}/oauth/logout`,
      grant_types_supported: expect.arrayContaining([
        'client_credentials',
        'authorization_code',
        'refresh_token',
      ]),
      response_types_supported: ['code'],
      response_modes_supported: ['query'],
      code_challenge_methods_supported: ['S256'],
    })
    const keys = createRemoteJWKSet(
      new URL(textOf({ status: 200, headers: new Headers(), body }, 'jwks_uri')),
      {
        [customFetch]: (url) => fetch(url.replace(ISSUER, system.url)),
      },
    )
    const { payload, protectedHeader } = await jwtVerify(system.adminToken, keys, {
      issuer: ISSUER,
      audience: 'urn:ensemble:api',
    })
    expect(protectedHeader).toMatchObject({ alg: 'RS256', typ: 'at+jwt' })
    expect(payload).toMatchObject({ sub: 'admin', client_id: 'admin' })
  })

  test('given the key set, when read, then no member of a private key is in it', async () => {
    const { body } = await system.as('/oauth/jwks')
    const keys = (body['keys'] as readonly object[]).map((key) => Object.keys(key).toSorted())
    expect(keys).toEqual([['alg', 'e', 'kid', 'kty', 'n', 'use']])
  })

  test('given a login, when it is refreshed, then the old token is used up; used again, the login ends', async () => {
    const person = await system.person('refresher')
    const refresh = (refreshToken: string) =>
      system.oauth('/oauth/token', { ...ADMIN, grant_type: 'refresh_token', refresh_token: refreshToken })
    const second = await refresh(person.refreshToken)
    const token = textOf(second, 'access_token')
    expect((await system.as(`/v2/user/get/${person.userId}`, { token })).status).toBe(200)
    expect(await refresh(person.refreshToken)).toMatchObject({
      status: 400,
      body: { error: 'invalid_grant' },
    })
    expect(await refresh(textOf(second, 'refresh_token'))).toMatchObject({ status: 400 })
    await untilRefused(token)
  })

  test('given twenty who use one refresh token at once, when answered, then one at most has tokens', async () => {
    const { refreshToken } = await system.person('twins')
    const form = { ...ADMIN, grant_type: 'refresh_token', refresh_token: refreshToken }
    const answers = await Promise.all(Array.from({ length: 20 }, () => system.oauth('/oauth/token', form)))
    expect(answers.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(1)
    expect(answers.filter(({ status }) => status >= 500)).toEqual([])
  })

  test('given a login, when it logs out, then its tokens are good no more; those of another login are', async () => {
    const person = await system.person('leaver')
    const other = textOf(await system.login('leaver'), 'access_token')
    expect((await system.as('/v1/logout', { method: 'POST', token: person.token })).status).toBe(200)
    await untilRefused(person.token)
    const form = { ...ADMIN, grant_type: 'refresh_token', refresh_token: person.refreshToken }
    expect((await system.oauth('/oauth/token', form)).status).toBe(400)
    expect((await system.as('/v1/authorization/user', { token: other })).status).toBe(200)
  })

  test('given a client that logs users in, when the original asks, then as the original answers', async () => {
    await system.person('original')
    const app = await system.client('app', { is_first_party: true })
    const token = textOf(
      await system.oauth('/oauth/token', { ...app, grant_type: 'client_credentials' }),
      'access_token',
    )
    const body = { username: 'original', password: PASSWORD }
    const answer = await system.as('/v1/token/user', { method: 'POST', token, body })
    expect(answer).toMatchObject({ status: 200, body: { token_type: 'bearer' } })
    const session = await system.as('/v1/authorization/user', { token: textOf(answer, 'access_token') })
    expect(session.body).toMatchObject({ session: { level: 'user', scope: CUSTOMER } })
    const form = { ...app, grant_type: 'refresh_token', refresh_token: textOf(answer, 'refresh_token') }
    expect((await system.oauth('/oauth/token', form)).status).toBe(200)
  })

  test('given a token, when clients ask about it, then it is good until its own client revokes it', async () => {
    const one = await system.client('one', { is_first_party: true })
    const two = await system.client('two')
    await system.person('asked-about')
    const form = { ...one, grant_type: 'password', username: 'asked-about', password: PASSWORD }
    const token = textOf(await system.oauth('/oauth/token', form), 'access_token')
    const isActive = async () => (await system.oauth('/oauth/introspect', { ...two, token })).body['active']
    expect((await system.oauth('/oauth/revoke', { ...two, token })).status).toBe(200)
    expect(await isActive()).toBe(true)
    expect((await system.oauth('/oauth/revoke', { ...one, token })).status).toBe(200)
    expect(await isActive()).toBe(false)
    await untilRefused(token)
  })

  test('given a client, when it is removed, then its tokens are refused and it gets no others', async () => {
    const gone = await system.client('gone')
    const form = { ...gone, grant_type: 'client_credentials' }
    const token = textOf(await system.oauth('/oauth/token', form), 'access_token')
    const asked = { method: 'DELETE', token: system.adminToken } as const
    expect((await system.as(`/v1/client/${gone.client_id}`, asked)).status).toBe(200)
    expect(await system.oauth('/oauth/token', form)).toMatchObject({
      status: 401,
      body: { error: 'invalid_client' },
    })
    await untilRefused(token)
  })

  test('given a user who is deleted, when his token comes, then it is refused, and gets no other', async () => {
    const { userId, token, refreshToken } = await system.person('deleted')
    await system.as(`/v2/user/${userId}`, { method: 'DELETE', token: system.adminToken })
    const form = { ...ADMIN, grant_type: 'refresh_token', refresh_token: refreshToken }
    expect((await system.oauth('/oauth/token', form)).status).toBe(400)
    await untilRefused(token)
  })

  test('given a new signing key, when it does not sign yet, then it is published; old tokens are good', async () => {
    const rotated = await system.as('/v1/key/rotate', { method: 'POST', token: system.adminToken })
    expect(rotated.status).toBe(200)
    const { body } = await system.as('/oauth/jwks')
    expect(body['keys']).toHaveLength(2)
    expect((await system.as('/v2/order/list', { token: system.adminToken })).status).toBe(200)
  })

  test('given a customer, when he buys and reads, then it is his own, both ways of asking', async () => {
    const { userId, token } = await system.person('buyer')
    const body = orderBody(userId, '1')
    const order = textOf(await system.as('/v1/order', { method: 'POST', token, body }), 'uuid')
    const pay = { payment_total: AMOUNT, payment_status: 'Paid', bank_account_number: '1' }
    const paid = await system.as(`/v1/payment/${order}`, { method: 'PUT', token, body: pay })
    expect(paid).toMatchObject({ status: 200, body: { event: { data: { payment_status: 'Paid' } } } })
    for (const path of [`/v2/order/get/${order}`, `/v2/payment/get/${order}`]) {
      expect((await system.as(path, { token })).body).toMatchObject({ uuid_user: userId })
    }
    const list = await system.as('/v2/order/list', { token })
    expect(list.body).toMatchObject({ meta: { total: 1 }, results: [{ uuid: order }] })
    expect((await system.as('/v2/payment/list', { token })).body).toMatchObject({ meta: { total: 1 } })
    expect((await system.as('/v2/user/list', { token })).body).toMatchObject({ results: [{ uuid: userId }] })
    await found('the history of the order', async () => {
      const { status } = await system.as(`/v1/order/${order}`, { token })
      return status === 200 ? true : undefined
    })
  })

  test('given what happened, when read, then who did it, and no secret', async () => {
    const { body } = await system.as('/v1/audit/list?limit=100', { token: system.adminToken })
    const kinds = new Set((body['results'] as readonly { kind: string }[]).map(({ kind }) => kind))
    const expected = [
      'client.added',
      'client.removed',
      'login.refreshed',
      'login.ended',
      'token.revoked',
      'key.rotated',
    ]
    expect(expected.filter((kind) => !kinds.has(kind))).toEqual([])
    const text = JSON.stringify(body)
    const secrets = [ADMIN_SECRET, PASSWORD, system.adminToken, 'eyJ']
    expect(secrets.filter((secret) => text.includes(secret))).toEqual([])
  })

  test('given an operator, when he makes a login or a client, then nobody gets more than he has', async () => {
    const operator = await system.person('operator', 'operator')
    const asAdmin = { method: 'POST', token: system.adminToken } as const
    const made = await system.as('/v1/user', { ...asAdmin, body: userBody('victim') })
    const login = (role: keyof typeof ROLE, token: string) => ({
      method: 'POST' as const,
      token,
      body: { uuid_user: made.body['uuid'], username: `u-${role}`, password: PASSWORD, id_roles: ROLE[role] },
    })
    expect((await system.as('/v1/login', login('customer', operator.token))).status).toBe(403)
    const maker = await system.client('maker', {
      scope: ['login:write', 'user:own', 'order:own', 'payment:own'],
    })
    const form = { ...maker, grant_type: 'client_credentials' }
    const token = textOf(await system.oauth('/oauth/token', form), 'access_token')
    expect((await system.as('/v1/login', login('admin', token))).status).toBe(403)
    expect((await system.as('/v1/login', login('customer', token))).status).toBe(200)
    const body = { client_name: 'more', scope: ['key:write'] }
    expect((await system.as('/v1/client', { method: 'POST', token, body })).status).toBe(403)
  })
})

const CUSTOMER = ['user:own', 'order:own', 'payment:own']

/** All that anybody may call. */
const OPEN = [
  'GET /',
  'GET /.well-known',
  'GET /.well-known/*',
  'GET /asyncapi.json',
  'GET /docs',
  'GET /docs/page.js',
  'GET /health/live',
  'GET /health/ready',
  'GET /oauth/authorize',
  'GET /oauth/authorize/*',
  'GET /oauth/jwks',
  'GET /oauth/login/:uid',
  'GET /oauth/logout',
  'GET /oauth/logout/success',
  'GET /oauth/revoked',
  'GET /openapi.json',
  'GET /v1/health',
  'GET /v1/health/ready',
  'POST /oauth/introspect',
  'POST /oauth/login/:uid',
  'POST /oauth/logout/confirm',
  'POST /oauth/revoke',
  'POST /oauth/token',
  'POST /v1/receiver/*',
  'POST /v1/token/client',
]
  .flatMap((call) => (call.startsWith('GET ') ? [call, call.replace('GET ', 'HEAD ')] : [call]))
  .toSorted()
