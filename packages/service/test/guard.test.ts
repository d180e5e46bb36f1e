// Scenes about the guard: what a token must be, and what it knows when keys and revocations change or cannot be had.
import { Problem } from '@ensemble/http'
import { exportJWK, generateKeyPair, SignJWT, type JWK } from 'jose'
import { beforeAll, describe, expect, test } from 'vitest'
import { FRESH_MS, guardOf, USABLE_MS } from '../src/guard.ts'
import { digestOf } from '../src/tokens.ts'

const NOW = Date.parse('2024-03-01T09:30:00Z')
const SECONDS = NOW / 1_000
const ISSUER = 'http://shop.example'

type Pair = Awaited<ReturnType<typeof generateKeyPair>>
let first: Pair
let second: Pair
beforeAll(async () => {
  first = await generateKeyPair('RS256')
  second = await generateKeyPair('RS256')
})

interface Told {
  readonly kid?: string
  readonly pair?: Pair
  readonly claims?: object
}

async function token({ kid = 'first', pair = first, claims = {} }: Told = {}): Promise<string> {
  const good = { iss: ISSUER, aud: 'urn:ensemble:api', iat: SECONDS, exp: SECONDS + 600, jti: 't1' }
  const who = { sub: 'maya', client_id: 'app', grant: 'g1', scope: 'order:own user:own' }
  return await new SignJWT({ ...good, ...who, ...claims })
    .setProtectedHeader({ alg: 'RS256', typ: 'at+jwt', kid })
    .sign(pair.privateKey)
}

async function jwk(kid: string, { publicKey }: Pair): Promise<JWK> {
  return { ...(await exportJWK(publicKey)), kid, alg: 'RS256', use: 'sig' }
}

interface World {
  now: number
  keys: readonly JWK[]
  revoked: Record<string, number>
  isAway: boolean
  readonly asked: string[]
}

async function scene() {
  const world: World = { now: NOW, keys: [await jwk('first', first)], revoked: {}, isAway: false, asked: [] }
  const guard = guardOf({
    issuer: ISSUER,
    clock: { now: () => world.now },
    peers: {
      request: async (_, { path }) => {
        world.asked.push(path)
        if (world.isAway) throw new Error('away')
        const body = path === '/oauth/jwks' ? { keys: world.keys } : { revoked: world.revoked }
        return { status: 200, headers: {}, body }
      },
    },
  })
  const said = async (text: string): Promise<unknown> => {
    try {
      return await guard(text)
    } catch (error) {
      return error instanceof Problem ? error.status : error
    }
  }
  return { world, said }
}

describe('the guard', () => {
  test('given a good token, when it comes, then who calls for whom, and what both may do', async () => {
    const { said } = await scene()
    expect(await said(await token())).toEqual({
      clientId: 'app',
      userId: 'maya',
      permissions: new Set(['order:own', 'user:own']),
      token: { id: 't1', grantId: 'g1', expiresAt: SECONDS + 600 },
    })
    expect(await said(await token({ claims: { grant: undefined, scope: undefined } }))).toMatchObject({
      userId: null,
      permissions: new Set(),
    })
  })

  test('given many calls at once, when they are checked, then keys and revocations are asked for once', async () => {
    const { said, world } = await scene()
    const text = await token()
    await Promise.all(Array.from({ length: 20 }, () => said(text)))
    expect(world.asked.toSorted()).toEqual(['/oauth/jwks', '/oauth/revoked'])
  })

  test('given a new key, when its first token comes, then it is fetched; strangers make no more fetches', async () => {
    const { said, world } = await scene()
    await said(await token())
    world.keys = [await jwk('second', second), ...world.keys]
    world.now += 5_001
    expect(await said(await token({ kid: 'second', pair: second }))).toMatchObject({ clientId: 'app' })
    const before = world.asked.filter((path) => path === '/oauth/jwks').length
    for (let tries = 0; tries < 20; tries += 1)
      expect(await said(await token({ kid: `x${tries}`, pair: second }))).toBe(401)
    expect(world.asked.filter((path) => path === '/oauth/jwks')).toHaveLength(before)
  })

  test.each([
    ['token t1', true],
    ['login g1', true],
    ['client app', true],
    ['user maya', true],
    ['token t2', false],
    ['user mallory', false],
  ])('given that %s is revoked, when it is known, then the token is refused: %s', async (name, isRefused) => {
    const { said, world } = await scene()
    const text = await token()
    expect(await said(text)).toMatchObject({ clientId: 'app' })
    world.revoked[digestOf(name)] = SECONDS
    world.now += FRESH_MS + 1
    expect((await said(text)) === 401).toBe(isRefused)
    const later = await token({ claims: { iat: SECONDS + 1 } })
    expect(await said(later)).toMatchObject({ clientId: 'app' })
  })

  test('given that nobody says what is revoked, when a minute is over, then nobody is believed', async () => {
    const { said, world } = await scene()
    const text = await token()
    await said(text)
    world.isAway = true
    world.now = NOW + USABLE_MS
    expect(await said(text)).toMatchObject({ clientId: 'app' })
    world.now = NOW + USABLE_MS + 1
    expect(await said(text)).toBe(503)
    world.isAway = false
    expect(await said(text)).toMatchObject({ clientId: 'app' })
  })

  test('given that nobody has the keys, when a token comes, then it is not called wrong', async () => {
    const { said, world } = await scene()
    world.isAway = true
    expect(await said(await token())).toBe(503)
  })

  test.each([
    [595, 'good'],
    [604, 'good'],
    [605, 'refused'],
  ])('given a token of ten minutes, when %i seconds are over, then it is %s', async (seconds, is) => {
    const { said, world } = await scene()
    world.now = NOW + seconds * 1_000
    expect((await said(await token())) === 401 ? 'refused' : 'good').toBe(is)
  })
})
