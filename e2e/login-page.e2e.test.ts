// The code grant with PKCE as a client by its own library meets it, and the page where its user signs in.
import * as oidc from 'openid-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { found } from '../scripts/demo/client.ts'
import { ISSUER, PASSWORD, startGuarded, textOf, type GuardedSystem, type Person } from './auth-support.ts'
import { browserAt, type Browser, type Shown } from './browser.ts'
import { tablesOf, type Tables } from './tables.ts'

const CALLBACK = 'https://app.example/callback'
const SCOPE = 'openid order:own user:own'

let system: GuardedSystem
let tables: Tables
let maya: Person
let shop: oidc.Configuration
let own: oidc.Configuration

beforeAll(async () => {
  system = await startGuarded({ name: 'login page' })
  tables = await tablesOf(system)
  maya = await system.person('maya')
  shop = await discovered('<Shop> & Co')
  own = await discovered('our own', { is_first_party: true })
})
afterAll(async () => {
  await tables.close()
  await system.end()
})

/** A client that finds everything out from the issuer's address. */
async function discovered(name: string, more: object = {}): Promise<oidc.Configuration> {
  const client = await system.client(name, { redirect_url: CALLBACK, ...more })
  const options = {
    [oidc.customFetch]: (url: string, init: oidc.CustomFetchOptions) =>
      fetch(url.replace(ISSUER, system.url), { ...init, body: init.body ?? null }),
  }
  const secret = oidc.ClientSecretBasic(client.client_secret)
  return await oidc.discovery(new URL(ISSUER), client.client_id, {}, secret, options)
}

interface Begun {
  readonly browser: Browser
  readonly page: Shown
  readonly state: string
  readonly nonce: string
  readonly verifier: string
}

async function begin(
  client: oidc.Configuration,
  { browser = browserAt(ISSUER, system.url, CALLBACK), scope = SCOPE, more = {} } = {},
): Promise<Begun> {
  const [state, nonce, verifier] = [oidc.randomState(), oidc.randomNonce(), oidc.randomPKCECodeVerifier()]
  const url = oidc.buildAuthorizationUrl(client, {
    redirect_uri: CALLBACK,
    scope,
    state,
    nonce,
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...more,
  })
  return { browser, page: await browser.open(url.href), state, nonce, verifier }
}

const signIn = ({ browser, page }: Begun, password = PASSWORD, username = 'maya'): Promise<Shown> =>
  browser.send(page, { username, password, answer: 'sign in' })

function exchange(client: oidc.Configuration, { state, nonce, verifier }: Begun, { url }: Shown) {
  const checks = { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier }
  return oidc.authorizationCodeGrant(client, new URL(url), checks)
}

async function resetGuesses(): Promise<void> {
  await tables.rows('user', 'DELETE FROM "user".tb_login_attempt')
}

describe('a user who signs in on the page', () => {
  test('given another’s client, then its name and its wishes are shown, and it gets what its user may', async () => {
    const begun = await begin(shop)
    expect(begun.page.text).toContain('Sign in to &lt;Shop&gt; &amp; Co')
    expect(begun.page.text).toContain('<li>place, see, change and cancel your orders</li>')
    const back = await signIn(begun)
    expect(back.url.startsWith(`${CALLBACK}?`)).toBe(true)
    const tokens = await exchange(shop, begun, back)
    expect(tokens.claims()).toMatchObject({ iss: ISSUER, sub: maya.userId })
    expect(tokens).toMatchObject({ scope: 'order:own user:own', expires_in: 600 })
    const calls = [`/v2/user/get/${maya.userId}`, '/v2/order/list', '/v2/payment/list', '/v2/login/list']
    const statuses = calls.map(async (path) => (await system.as(path, { token: tokens.access_token })).status)
    expect(await Promise.all(statuses)).toEqual([200, 200, 403, 404])
  })

  test('then the tokens are refreshed, once each, and end when the user signs out', async () => {
    const begun = await begin(own)
    expect(begun.page.text).not.toContain('<li>')
    const first = await exchange(own, begun, await signIn(begun))
    const second = await oidc.refreshTokenGrant(own, String(first.refresh_token))
    expect((await system.as('/v2/order/list', { token: second.access_token })).status).toBe(200)

    const out = oidc.buildEndSessionUrl(own, {
      id_token_hint: String(first.id_token),
      post_logout_redirect_uri: CALLBACK,
      state: 'bye',
    })
    const asked = await begun.browser.open(out.href)
    expect(asked.text).toContain('Sign out?')
    expect((await begun.browser.send(asked, { logout: 'yes' })).url).toBe(`${CALLBACK}?state=bye`)
    await expect(oidc.refreshTokenGrant(own, String(second.refresh_token))).rejects.toMatchObject({
      error: 'invalid_grant',
    })
    await found('the token is refused', async () => {
      const { status } = await system.as('/v2/order/list', { token: second.access_token })
      return status === 401 ? true : undefined
    })
  })

  test('given a second client in the same browser, then the password is asked for again', async () => {
    const begun = await begin(own)
    await signIn(begun)
    const again = await begin(shop, { browser: begun.browser })
    expect(again.page).toMatchObject({ status: 200, text: expect.stringContaining('type="password"') })
    const silent = await begin(shop, { browser: begun.browser, more: { prompt: 'none' } })
    expect(new URL(silent.page.url).searchParams.get('error')).toBe('login_required')
  })

  test('given another user in the same browser, then it is he whom the client meets', async () => {
    const zoe = await system.person('zoe')
    const begun = await begin(own)
    await signIn(begun)
    const next = await begin(own, { browser: begun.browser })
    const tokens = await exchange(own, next, await signIn(next, PASSWORD, 'zoe'))
    expect(tokens.claims()?.sub).toBe(zoe.userId)
  })

  test('given a wish that the role has not, then the client gets the rest', async () => {
    const body = { scope: ['order:read'] }
    const greedy = await discovered('greedy', body)
    const begun = await begin(greedy, { scope: 'openid order:own order:read' })
    expect(await exchange(greedy, begun, await signIn(begun))).toMatchObject({ scope: 'order:own' })
  })

  test('given that he says no, then the client hears so', async () => {
    const begun = await begin(shop)
    const { url } = await begun.browser.send(begun.page, { answer: 'cancel' })
    await expect(exchange(shop, begun, { ...begun.page, url })).rejects.toMatchObject({
      error: 'access_denied',
    })
  })
})

describe('the page', () => {
  test('has no script, tells browsers to run none, and keeps what was typed, but no password', async () => {
    const begun = await begin(shop)
    const { text, status } = await signIn(begun, 'wrong "><script>', '"><script>alert(1)</script>')
    expect(status).toBe(401)
    expect(text).toContain('The username or the password is wrong.')
    expect(text).toContain('value="&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"')
    expect(text).not.toMatch(/<script|wrong &quot;| on\w+=/)
    const policy = (begun.page.headers.get('content-security-policy') ?? '').split('; ')
    expect(policy).toEqual([
      "default-src 'none'",
      expect.stringMatching(/^style-src 'sha256-[\w+/=]+'$/),
      "form-action 'self' https://app.example",
      "base-uri 'none'",
      "frame-ancestors 'none'",
    ])
    const heads = ['x-frame-options', 'cache-control', 'referrer-policy', 'x-content-type-options']
    expect(heads.map((name) => begun.page.headers.get(name))).toEqual([
      'SAMEORIGIN',
      'no-store',
      'same-origin',
      'nosniff',
    ])
  })

  test('says the same of a wrong password and of nobody’s name, and rests after five', async () => {
    await resetGuesses()
    const begun = await begin(shop)
    const [wrong, nobody] = [await signIn(begun, 'wrong'), await signIn(begun, 'wrong', 'nobody')]
    expect(nobody.status).toBe(wrong.status)
    expect(nobody.text.replaceAll('nobody', 'maya')).toBe(wrong.text)
    for (let tries = 1; tries < 5; tries += 1) await signIn(begun, `wrong ${tries}`)
    const rest = await signIn(begun)
    expect(rest).toMatchObject({ status: 429, text: expect.stringContaining('Too many wrong passwords') })
    expect(Number(rest.headers.get('retry-after'))).toBeGreaterThan(0)
    await resetGuesses()
  })

  test.each([
    ['another site', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }],
    ['nowhere', {}],
    ['a sandbox', { origin: 'null' }],
    ['another page of a neighbour', { origin: ISSUER, 'sec-fetch-site': 'same-site' }],
  ])('refuses a form from %s', async (_, head: Readonly<Record<string, string>>) => {
    const begun = await begin(shop)
    const answer = await begun.browser.send(begun.page, { username: 'maya', password: PASSWORD }, head)
    expect([answer.status, answer.url]).toEqual([403, begun.page.url])
  })

  test('refuses a form from a browser that was not shown it', async () => {
    const begun = await begin(shop)
    const other = browserAt(ISSUER, system.url, CALLBACK)
    const answer = await other.send(begun.page, { username: 'maya', password: PASSWORD })
    expect(answer).toMatchObject({ status: 400, text: expect.stringContaining('belongs to another browser') })
  })
})

describe('a client that asks wrongly', () => {
  test.each([
    ['another address', { redirect_uri: 'https://evil.example/callback' }],
    ['an address with more', { redirect_uri: `${CALLBACK}?x=1` }],
    ['an address above', { redirect_uri: `${CALLBACK}/../evil` }],
  ])('by %s sends nobody anywhere', async (_, more) => {
    const { page } = await begin(shop, { more })
    expect(page).toMatchObject({ status: 400, url: expect.stringContaining(`${ISSUER}/oauth/authorize`) })
    expect(page.text).not.toContain('<form')
  })

  test.each([
    ['without PKCE', { code_challenge: '', code_challenge_method: '' }, 'invalid_request'],
    ['with plain PKCE', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['for tokens in the address', { response_type: 'token' }, 'invalid_request'],
    [
      'for a page with a script',
      { response_mode: 'form_post' },
      'a page: The program that sent you here wants an answer in a way that is not offered.',
    ],
    ['for what it may not', { scope: 'openid key:write' }, 'invalid_scope'],
    ['for another’s API', { resource: 'https://another.example/api' }, 'invalid_target'],
  ])('%s is told so', async (_, more, error) => {
    const { page } = await begin(shop, { more })
    const query = page.url.startsWith(CALLBACK) ? new URL(page.url.replace('#', '?')).searchParams : undefined
    const said = query?.get('error') ?? `a page: ${/<p>(.*?)<\/p>/.exec(page.text)?.[1]}`
    expect(said).toBe(error)
  })

  test('has no code twice: the second use ends what the first one got', async () => {
    const begun = await begin(shop)
    const back = await signIn(begun)
    const { access_token: token } = await exchange(shop, begun, back)
    await expect(exchange(shop, begun, back)).rejects.toMatchObject({ error: 'invalid_grant' })
    await found('the token is refused', async () =>
      (await system.as('/v2/order/list', { token })).status === 401 ? true : undefined,
    )
  })

  test.each([
    ['with another verifier', () => ({ verifier: oidc.randomPKCECodeVerifier() }), () => shop],
    ['as another client', () => ({}), () => own],
  ])('cannot use a code %s', async (_, more, client) => {
    const begun = await begin(shop)
    const back = await signIn(begun)
    await expect(exchange(client(), { ...begun, ...more() }, back)).rejects.toMatchObject({
      error: 'invalid_grant',
    })
  })

  test.each(['http://app.example/', 'https://a@app.example/', 'https://app.example/#x', 'myapp://callback'])(
    'cannot be made with the address %s',
    async (redirect_url) => {
      const asked = { method: 'POST', token: system.adminToken } as const
      const answer = await system.as('/v1/client', {
        ...asked,
        body: { client_name: redirect_url, redirect_url },
      })
      expect(answer.status).toBe(422)
    },
  )
})

test('what happened is told, without what was typed', async () => {
  const { body } = await system.as('/v1/audit/list?limit=100', { token: system.adminToken })
  const kinds = new Set((body['results'] as readonly { kind: string }[]).map(({ kind }) => kind))
  for (const kind of ['login.succeeded', 'login.refused', 'login.ended', 'token.issued']) {
    expect([...kinds]).toContain(kind)
  }
  expect(JSON.stringify(body)).not.toMatch(/alert|correct horse|wrong \d/)
})

test('a client that has no address asks for tokens as before, and has no page', async () => {
  const { client_id: key } = await system.client('no address')
  const browser = browserAt(ISSUER, system.url, CALLBACK)
  const query = new URLSearchParams({ client_id: key, redirect_uri: CALLBACK, response_type: 'code' })
  expect((await browser.open(`${ISSUER}/oauth/authorize?${query.toString()}`)).status).toBe(400)
  expect(textOf(await system.login('maya'), 'access_token')).toContain('.')
})
