// The attack table, tokens: each is sent to the gateway and refused, with one answer.
import { createHmac } from 'node:crypto'
import { createServer, type AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, importJWK, SignJWT, type JWTHeaderParameters } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { found } from '../scripts/demo/client.ts'
import { ADMIN, ISSUER, startGuarded, textOf, type GuardedSystem, type Person } from './auth-support.ts'
import { tablesOf } from './tables.ts'

const UNAUTHORIZED = [401, 'unauthorized'] as const

let system: GuardedSystem
let maya: Person
let mallory: Person
let realKey: Readonly<Record<string, unknown>>
/** Where an attacker wants this system to get a key. */
const lure = createServer((socket) => {
  visits += 1
  socket.destroy()
})
let visits = 0
let lureUrl: string

beforeAll(async () => {
  system = await startGuarded({ name: 'attacks tokens' })
  maya = await system.person('maya')
  mallory = await system.person('mallory')
  const tables = await tablesOf(system)
  const [row] = await tables.rows('auth', 'SELECT jwk FROM "auth".tb_signing_key')
  await tables.close()
  realKey = row?.['jwk'] as Readonly<Record<string, unknown>>
  await new Promise<void>((resolve) => void lure.listen(0, '127.0.0.1', resolve))
  lureUrl = `http://127.0.0.1:${(lure.address() as AddressInfo).port}`
})
afterAll(async () => {
  lure.close()
  await system.end()
})

interface Forged {
  readonly header?: Partial<JWTHeaderParameters>
  readonly claims?: Readonly<Record<string, unknown>>
  readonly key?: Parameters<SignJWT['sign']>[0]
}

/** A token that would be good but for what is said, by the real key unless another is given. */
async function forged({ header = {}, claims = {}, key }: Forged = {}): Promise<string> {
  const now = Math.floor(Date.now() / 1_000)
  const good = {
    scope: 'order:read',
    client_id: 'admin',
    sub: 'admin',
    jti: 'forged',
    iat: now,
    exp: now + 60,
  }
  const told = { ...good, iss: ISSUER, aud: 'urn:ensemble:api', ...claims }
  const payload = Object.fromEntries(Object.entries(told).filter(([, value]) => value !== undefined))
  return await new SignJWT(payload)
    .setProtectedHeader({ alg: 'RS256', typ: 'at+jwt', kid: String(realKey['kid']), ...header })
    .sign(key ?? (await importJWK(realKey, header.alg ?? 'RS256')))
}

function part(value: object | string): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
}

/** Signed with what everybody can read, as if it were a shared secret. */
function confused(secret: string): string {
  const [, claims = ''] = system.adminToken.split('.')
  const text = `${part({ alg: 'HS256', typ: 'at+jwt', kid: realKey['kid'] })}.${claims}`
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`
}

const now = (): number => Math.floor(Date.now() / 1_000)

describe('a token', () => {
  test('that is made with all that the table below changes is good before it is changed', async () => {
    expect((await system.as('/v2/order/list', { token: await forged() })).status).toBe(200)
  })

  const rows: readonly (readonly [string, () => Promise<string> | string])[] = [
    ['that is none', () => 'garbage'],
    ['that is expired', () => forged({ claims: { exp: now() - 60 } })],
    ['that is not issued yet', () => forged({ claims: { nbf: now() + 600 } })],
    ['that never expires', () => forged({ claims: { exp: undefined } })],
    ['of another issuer', () => forged({ claims: { iss: 'http://evil.example' } })],
    ['for another audience', () => forged({ claims: { aud: 'urn:another:api' } })],
    ['for no audience', () => forged({ claims: { aud: undefined } })],
    ['without a name', () => forged({ claims: { jti: undefined } })],
    ['of another kind', () => forged({ header: { typ: 'JWT' } })],
    ['by an algorithm that is not ours', () => forged({ header: { alg: 'RS512' } })],
    ['with alg: none', () => `${part({ alg: 'none', typ: 'at+jwt' })}.${system.adminToken.split('.')[1]}.`],
    [
      'with alg: none and a signature',
      () => `${part({ alg: 'none', typ: 'at+jwt' })}.${system.adminToken.split('.')[1]}.AAAA`,
    ],
    ['by HS256 with the modulus of the public key', () => confused(String(realKey['n']))],
    [
      'by HS256 with the public key set',
      async () => confused(JSON.stringify((await system.as('/oauth/jwks')).body)),
    ],
    ['of a stranger under the real key’s name', async () => forged({ key: (await stranger()).privateKey })],
    [
      'of a stranger under a name of his own',
      async () => forged({ header: { kid: 'mine' }, key: (await stranger()).privateKey }),
    ],
    [
      'of a stranger who brings his key along',
      async () => {
        const { publicKey, privateKey } = await stranger()
        return forged({ header: { jwk: await exportJWK(publicKey) }, key: privateKey })
      },
    ],
    [
      'of a stranger who says where his key is',
      async () =>
        forged({ header: { kid: 'x', jku: `${lureUrl}/keys` }, key: (await stranger()).privateKey }),
    ],
    [
      'whose content was changed',
      () => {
        const [head, claims = '', signature] = mallory.token.split('.')
        const told = Buffer.from(claims, 'base64url').toString().replace(mallory.userId, maya.userId)
        return [head, part(told), signature].join('.')
      },
    ],
    ['that is a refresh token', () => mallory.refreshToken],
  ]

  test.each(rows)('%s is refused, with one answer', async (_, make) => {
    const token = await make()
    const { status, body, headers } = await system.as('/v2/order/list', { token })
    expect([status, body['code'], body['detail'], headers.get('www-authenticate')]).toEqual([
      ...UNAUTHORIZED,
      'Send a valid access token: Authorization: Bearer <token>.',
      'Bearer',
    ])
  })

  test('made this system ask nobody for keys', () => {
    expect(visits).toBe(0)
  })

  test('that is revoked is refused', async () => {
    const token = textOf(await system.login('mallory'), 'access_token')
    await system.oauth('/oauth/revoke', { ...ADMIN, token })
    const code = await found('the token is refused', async () => {
      const { status, body } = await system.as('/v2/order/list', { token })
      return status === 401 ? body['code'] : undefined
    })
    expect(code).toBe('unauthorized')
  })

  test.each([
    ['no token', {}],
    ['an empty one', { authorization: '' }],
    ['the word alone', { authorization: 'Bearer' }],
    ['a name and a password', { authorization: `Basic ${part('admin:admin')}` }],
    ['a user in another header', { 'x-user-id': 'admin', 'x-forwarded-user': 'admin' }],
    ['permissions in another header', { 'x-permissions': 'order:read', 'x-scope': 'order:read' }],
  ])('is wanted: a call with %s is refused', async (_, headers) => {
    const { status, body } = await system.as('/v2/order/list', { headers })
    expect([status, body['code']]).toEqual(UNAUTHORIZED)
  })
})

let made: ReturnType<typeof generateKeyPair> | undefined
function stranger(): ReturnType<typeof generateKeyPair> {
  made ??= generateKeyPair('RS256')
  return made
}
