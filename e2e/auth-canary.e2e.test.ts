// Canaries of auth: a password, a client's secret, tokens and a private key, looked for everywhere.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ROLE } from '@ensemble/service-contracts'
import { createHash } from 'node:crypto'
import { ADMIN, ISSUER, startGuarded, textOf, type GuardedSystem } from './auth-support.ts'
import { browserAt } from './browser.ts'
import { hearEverything, serverLog, type Hearing } from './hearing.ts'
import type { Answer } from './support.ts'
import { tablesOf, type Tables } from './tables.ts'

/** In lower case, because a name is: somebody types it there too. */
const CANARY = 'canary-51c0de-password'

describe('a canary in auth', () => {
  let hearing: Hearing
  let system: GuardedSystem
  let tables: Tables
  const answers: string[] = []
  const secrets: Record<string, string> = {}
  beforeAll(async () => {
    hearing = hearEverything()
    system = await startGuarded({ name: 'canary auth', say: hearing.say })
    tables = await tablesOf(system)
    const { userId } = await system.person('keeper')
    const body = { uuid_user: userId, username: 'canary', password: CANARY, id_roles: ROLE.customer }
    await system.as('/v1/login', { method: 'POST', token: system.adminToken, body })
    await live()
    await signIn()
    await tables.quiet()
  })
  afterAll(async () => {
    hearing.stop()
    await tables.close()
    await system.end()
  })

  async function kept(answer: Answer | Promise<Answer>): Promise<number> {
    const { status, headers, body } = await answer
    answers.push(JSON.stringify([...headers]), JSON.stringify(body))
    return status
  }

  /** Everything that can happen to a password and a secret, well and badly. */
  async function live(): Promise<void> {
    const client = await system.client('shop', { is_first_party: true })
    const form = { ...client, grant_type: 'password', username: 'canary', password: CANARY }
    const tokens = await system.oauth('/oauth/token', form)
    secrets['secret of a client'] = client.client_secret
    secrets['access token'] = textOf(tokens, 'access_token')
    secrets['refresh token'] = textOf(tokens, 'refresh_token')
    const post = (path: string, body: unknown, token = system.adminToken) =>
      kept(system.as(path, { method: 'POST', token, body }))
    const login = { username: 'canary', password: CANARY }
    const refresh = { ...client, grant_type: 'refresh_token', refresh_token: secrets['refresh token'] }
    const statuses = [
      await post('/v1/login/session', login),
      await post('/v1/token/user', { ...login, username: 'nobody' }),
      await post('/v1/token/user', { username: CANARY, password: CANARY }),
      await post('/v1/token/user', { ...login, extra: { [CANARY]: CANARY } }),
      await post('/v1/token/user', [CANARY]),
      await post('/v1/token/client', { client_key: client.client_id, client_secret: CANARY }),
      await post('/v1/token/client', { client_key: CANARY, client_secret: CANARY }),
      await kept(system.oauth('/oauth/token', { ...form, client_secret: CANARY })),
      await kept(system.oauth('/oauth/token', { ...form, client_id: CANARY, client_secret: CANARY })),
      await kept(system.oauth('/oauth/token', { ...form, username: 'nobody' })),
      await kept(system.oauth('/oauth/token', { ...form, scope: CANARY })),
      await kept(system.oauth('/oauth/token', { ...form, grant_type: CANARY })),
      await kept(system.oauth('/oauth/revoke', { ...client, token: CANARY })),
      await kept(system.oauth('/oauth/introspect', { ...client, token: secrets['access token'] })),
      await kept(system.oauth('/oauth/token', { ...refresh, client_secret: CANARY })),
    ]
    await tables.rows('auth', 'ALTER TABLE auth.tb_client RENAME TO tb_client_away')
    statuses.push(await kept(system.oauth('/oauth/token', form)))
    await tables.rows('auth', 'ALTER TABLE auth.tb_client_away RENAME TO tb_client')
    for (const path of ['/v1/client/list', '/v1/audit/list?limit=100', '/oauth/jwks', '/oauth/revoked'])
      statuses.push(await kept(system.as(path, { token: system.adminToken })))
    expect(statuses).toEqual([
      200, 401, 401, 200, 422, 401, 401, 401, 401, 400, 400, 400, 200, 200, 401, 503, 200, 200, 200, 200,
    ])
  }

  /** The same on the page, with all that a browser is given. */
  async function signIn(): Promise<void> {
    const callback = 'https://app.example/callback'
    const client = await system.client('page', { redirect_url: callback })
    const verifier = 'v'.repeat(43)
    const query = new URLSearchParams({
      client_id: client.client_id,
      redirect_uri: callback,
      response_type: 'code',
      scope: 'openid order:own',
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
    })
    const browser = browserAt(ISSUER, system.url, callback)
    const page = await browser.open(`${ISSUER}/oauth/authorize?${query.toString()}`)
    for (const fields of [
      { username: 'canary', password: `${CANARY}!` },
      { username: 'x', password: CANARY },
    ])
      answers.push((await browser.send(page, fields)).text)
    const cookies = browser.cookies()
    const back = await browser.send(page, { username: 'canary', password: CANARY })
    const code = new URL(back.url).searchParams.get('code') ?? ''
    for (const [name, value] of [...cookies, ...browser.cookies()]) secrets[`cookie ${name}`] = value
    const form = { ...client, grant_type: 'authorization_code', code, redirect_uri: callback }
    const tokens = await system.oauth('/oauth/token', { ...form, code_verifier: verifier })
    Object.assign(secrets, {
      code,
      'access token of the page': textOf(tokens, 'access_token'),
      'refresh token of the page': textOf(tokens, 'refresh_token'),
      'id token': textOf(tokens, 'id_token'),
    })
  }

  test('a password is in no table, no log and no answer', async () => {
    expect(await tables.holding(CANARY)).toEqual([])
    const said = [...hearing.heard, ...answers, await serverLog(tables)].join('\n')
    expect(said.split('\n').filter((line) => line.includes(CANARY))).toEqual([])
    // What is looked through holds the rest of what happened.
    expect(said).toContain('tb_client')
  })

  test('a secret or a token is in no table, no log and no other answer than its own', async () => {
    const said = [...hearing.heard, ...answers, await serverLog(tables)].join('\n')
    const all = { ...secrets, 'secret of admin': ADMIN.client_secret, 'token of admin': system.adminToken }
    for (const [name, secret] of Object.entries(all)) {
      expect([name, await tables.holding(secret)]).toEqual([name, []])
      expect([name, said.includes(secret)]).toEqual([name, false])
    }
  })

  test('a hash and a private key are in their tables alone', async () => {
    const [client] = await tables.rows(
      'auth',
      "SELECT client_secret FROM auth.tb_client WHERE client_name = 'shop'",
    )
    const [key] = await tables.rows('auth', "SELECT jwk ->> 'd' AS d FROM auth.tb_signing_key")
    const hash = String(client?.['client_secret'])
    expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
    expect(await tables.holding(hash)).toEqual(['auth.tb_client'])
    expect(await tables.holding(String(key?.['d']))).toEqual(['auth.tb_signing_key'])
    const said = [...hearing.heard, ...answers, await serverLog(tables)].join('\n')
    expect([hash, String(key?.['d'])].filter((secret) => said.includes(secret))).toEqual([])
  })
})
