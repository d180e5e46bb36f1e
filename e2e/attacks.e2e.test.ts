// The attack table, calls: what must be refused at the gateway, each row by a real call. Tokens: attacks-tokens.
import { connect, createServer, type AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { found } from '../scripts/demo/client.ts'
import { startGuarded, textOf, type GuardedSystem, type Person } from './auth-support.ts'
import { AMOUNT, orderBody } from './people.ts'
import type { Answer } from './support.ts'
import { tablesOf, type Tables } from './tables.ts'

const FORBIDDEN = [403, 'forbidden'] as const

let system: GuardedSystem
let tables: Tables
let maya: Person
let mallory: Person
/** Of maya. */
let order: string
/** What listens where an attacker wants this system to call. */
const lure = createServer((socket) => {
  visits += 1
  socket.destroy()
})
let visits = 0
let lureUrl: string

beforeAll(async () => {
  system = await startGuarded({ name: 'attacks' })
  tables = await tablesOf(system)
  maya = await system.person('maya')
  mallory = await system.person('mallory')
  const body = orderBody(maya.userId, '1')
  const asked = { method: 'POST', token: maya.token, body } as const
  order = textOf(await system.as('/v1/order', asked), 'uuid')
  await found('the payment of the order', async () => {
    const { status } = await system.as(`/v2/payment/get/${order}`, { token: maya.token })
    return status === 200 ? true : undefined
  })
  await found('what history has of both', async () => {
    const paths = [`/v1/logger/order/${order}`, `/v1/logger/users/${maya.userId}`]
    const answers = await Promise.all(paths.map((path) => system.as(path, { token: maya.token })))
    return answers.every(({ status }) => status === 200) ? true : undefined
  })
  await new Promise<void>((resolve) => void lure.listen(0, '127.0.0.1', resolve))
  lureUrl = `http://127.0.0.1:${(lure.address() as AddressInfo).port}`
})
afterAll(async () => {
  lure.close()
  await tables.close()
  await system.end()
})

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

describe('a customer', () => {
  const pay = { payment_total: AMOUNT, payment_status: 'Paid', bank_account_number: '1' }
  const others: readonly (readonly [Method, () => string, (() => object) | null])[] = [
    ['GET', () => `/v2/order/get/${order}`, null],
    ['GET', () => `/v1/order/${order}`, null],
    ['GET', () => `/v1/logger/order/${order}`, null],
    ['PUT', () => `/v1/order/${order}`, () => ({ order_number: 'stolen' })],
    ['PUT', () => `/v2/order/${order}`, () => ({ order_number: 'stolen' })],
    ['DELETE', () => `/v1/order/${order}`, null],
    ['DELETE', () => `/v2/order/${order}`, null],
    ['GET', () => `/v2/payment/get/${order}`, null],
    ['GET', () => `/v1/payment/get/${order}`, null],
    ['PUT', () => `/v1/payment/${order}`, () => pay],
    ['PUT', () => `/v2/payment/${order}`, () => pay],
    ['DELETE', () => `/v1/payment/${order}`, null],
    ['GET', () => `/v2/user/get/${maya.userId}`, null],
    ['GET', () => `/v1/user/${maya.userId}`, null],
    ['GET', () => `/v1/logger/users/${maya.userId}`, null],
    ['PUT', () => `/v1/user/${maya.userId}`, () => ({ first_name: 'Mallory' })],
    ['DELETE', () => `/v2/user/${maya.userId}`, null],
    ['POST', () => '/v1/order', () => orderBody(maya.userId, 'in her name')],
  ]
  test.each(others)('cannot %s what is another’s: %s', async (method, url, body) => {
    const sent = body === null ? {} : { body: body() }
    const answer = await system.as(url(), { method, token: mallory.token, ...sent })
    expect([answer.status, answer.body['code']]).toEqual(FORBIDDEN)
    expect(JSON.stringify({ ...answer.body, instance: '' })).not.toContain(maya.userId)
  })

  const roleless: readonly (readonly [Method, string, object | null])[] = [
    ['GET', '/v1/saga', null],
    ['GET', '/v1/login/list', null],
    ['GET', '/v1/notification/outbox', null],
    ['GET', '/notification/outbox', null],
    ['GET', '/v1/client/list', null],
    ['GET', '/v1/audit/list', null],
    ['POST', '/v1/key/rotate', {}],
    ['POST', '/v1/client', { client_name: 'mine' }],
    ['POST', '/v1/login', { username: 'root', password: 'correct horse' }],
    ['POST', '/v1/login/session', { username: 'maya', password: 'correct horse' }],
    ['POST', '/v1/token/user', { username: 'maya', password: 'correct horse' }],
    ['POST', '/v1/user', {}],
    ['POST', '/v1/logger/all', { action: 'order' }],
    ['POST', '/v1/logger', {}],
    ['POST', '/v1/notification/sms', {}],
  ]
  test.each(roleless)('has no role for %s %s', async (method, path, body) => {
    const sent = body === null ? {} : { body }
    const answer = await system.as(path, { method, token: mallory.token, ...sent })
    expect([answer.status, answer.body['code']]).toEqual(FORBIDDEN)
  })

  test('sees none of the others in a list', async () => {
    for (const path of ['/v2/order/list', '/v1/payment/list', '/v2/payment/list']) {
      expect((await system.as(path, { token: mallory.token })).body).toMatchObject({ meta: { total: 0 } })
    }
  })

  test('does not meet another’s answer under the same Idempotency-Key', async () => {
    const headers = { 'idempotency-key': 'shared' }
    const bodyOf = (person: Person) => orderBody(person.userId, 'same key')
    const ask = (person: Person) =>
      system.as('/v1/order', { method: 'POST', token: person.token, headers, body: bodyOf(person) })
    const [hers, his] = [await ask(maya), await ask(mallory)]
    expect([hers.status, his.status]).toEqual([200, 200])
    expect(his.body['uuid']).not.toBe(hers.body['uuid'])
  })

  test('left maya’s order as it was', async () => {
    const { body } = await system.as(`/v2/order/get/${order}`, { token: maya.token })
    expect(body).toMatchObject({ order_number: '1', uuid_user: maya.userId })
  })
})

describe('who guesses passwords', () => {
  test.each([
    ['by a token request', (password: string) => system.login('guessed', password)],
    ['at the original’s route', (password: string) => session('/v1/token/user', password)],
    ['at the user service’s', (password: string) => session('/v1/login/session', password)],
  ])('%s has five tries, with the right one after them too', async (_, guess) => {
    await resetGuesses()
    const statuses: number[] = []
    for (let tries = 0; tries < 5; tries += 1) statuses.push((await guess(`wrong ${tries}`)).status)
    const last = await guess('correct horse')
    expect(statuses.every((status) => status === 400 || status === 401)).toBe(true)
    expect([400, 429]).toContain(last.status)
    expect(Number(last.headers.get('retry-after'))).toBeGreaterThan(0)
  })

  test('cannot tell a wrong password from a name that nobody has', async () => {
    await resetGuesses()
    const [wrong, nobody] = [
      await system.login('guessed', 'wrong'),
      await system.login('no-such-name', 'wrong'),
    ]
    expect([nobody.status, nobody.body]).toEqual([wrong.status, wrong.body])
  })

  test('cannot tell a wrong secret from a client that is not there', async () => {
    const form = { grant_type: 'client_credentials', client_secret: 'wrong' }
    const [wrong, nobody] = [
      await system.oauth('/oauth/token', { ...form, client_id: 'admin' }),
      await system.oauth('/oauth/token', { ...form, client_id: 'nobody' }),
    ]
    expect([nobody.status, nobody.body]).toEqual([wrong.status, wrong.body])
    expect(wrong.status).toBe(401)
  })

  test('cannot guess a secret more than five times in a row; whoever knew it before is let in', async () => {
    const shop = await system.client('guessed shop')
    const form = { grant_type: 'client_credentials', ...shop }
    const right = () => system.oauth('/oauth/token', form).then(({ status }) => status)
    expect(await right()).toBe(200)
    expect(await guesses(shop.client_id)).toEqual(await guesses('a key that nobody has'))
    expect(await right()).toBe(200)
  })

  /** Of five wrong secrets, and then of others in every way that there is. */
  async function guesses(key: string): Promise<readonly (readonly unknown[])[]> {
    const guess = (secret: string) =>
      system.oauth('/oauth/token', {
        grant_type: 'client_credentials',
        client_id: key,
        client_secret: secret,
      })
    const answers: Answer[] = []
    for (let tries = 0; tries < 6; tries += 1) answers.push(await guess(`wrong ${tries}`))
    const basic = Buffer.from(`${encodeURIComponent(key)}:wrong`).toString('base64')
    const asked = {
      method: 'POST',
      body: { token: 'x' },
      headers: { authorization: `Basic ${basic}` },
    } as const
    for (const path of ['/oauth/introspect', '/oauth/revoke']) answers.push(await system.as(path, asked))
    const body = { client_key: key, client_secret: 'wrong' }
    answers.push(await system.as('/v1/token/client', { method: 'POST', body }))
    expect(answers.slice(5).filter(({ headers }) => !(Number(headers.get('retry-after')) > 0))).toEqual([])
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 401, 401, 400, 400, 400, 429])
    return answers.map(({ status, body: { error, error_description, code } }) => [
      status,
      error,
      error_description,
      code,
    ])
  }

  let isMade = false
  async function resetGuesses(): Promise<void> {
    if (!isMade) await system.person('guessed')
    isMade = true
    await tables.rows('user', 'DELETE FROM "user".tb_login_attempt')
  }

  const session = (path: string, password: string) =>
    system.as(path, { method: 'POST', token: system.adminToken, body: { username: 'guessed', password } })
})

describe('what is sent', () => {
  const ids = [
    "' OR 1=1--",
    "00000000-0000-4000-8000-000000000000'; DROP TABLE tb_orders;--",
    '../list',
    '..%2flist',
    '%2e%2e%2flist',
    '..\\list',
    'a\u0000b',
    '{{7*7}}',
    '$(id)',
  ]
  test.each(ids)('in an id is refused: %j', async (id) => {
    for (const path of ['/v2/order/get/', '/v1/order/', '/v1/payment/get/', '/v1/logger/order/']) {
      const url = `${system.url}${path}${id.includes('%') ? id : encodeURIComponent(id)}`
      const answer = await fetch(url, { headers: { authorization: `Bearer ${system.adminToken}` } })
      expect([400, 404, 422]).toContain(answer.status)
    }
  })

  test('as a path that climbs out of its route asks no service', async () => {
    const lines = [
      'GET /v1/saga/../login/list HTTP/1.1',
      'GET /v1/notification/..%2f..%2fv1/login/list HTTP/1.1',
      'GET /.well-known/../v1/login/list HTTP/1.1',
      'GET http://evil.example/../v1/login/list HTTP/1.1',
      'POST /v1/receiver/../login HTTP/1.1',
    ]
    for (const line of lines) {
      const answer = await raw([
        line,
        'Host: x',
        `Authorization: Bearer ${mallory.token}`,
        'Content-Length: 0',
      ])
      expect([line, /^HTTP\/1\.1 (400|403|404|405|422)/.test(answer)]).toEqual([line, true])
    }
  })

  test('as a body that is too large or too deep is refused before anybody reads it', async () => {
    const asked = { method: 'POST', token: system.adminToken } as const
    const large = await system.as('/v1/order', { ...asked, body: { note: 'x'.repeat(2 * 1024 * 1024) } })
    expect([large.status, large.body['code']]).toEqual([413, 'body-too-large'])
    const deep = JSON.parse(`${'['.repeat(1_000)}${']'.repeat(1_000)}`) as unknown
    const nested = await system.as('/v1/order', { ...asked, body: deep })
    expect([nested.status, nested.body['code']]).toEqual([400, 'body-too-deep'])
    const form = await fetch(`${system.url}/oauth/token`, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'x'.repeat(2 * 1024 * 1024) }),
    })
    expect(form.status).toBe(413)
    const polluted = await fetch(`${system.url}/v1/order`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${system.adminToken}` },
      body: '{"__proto__":{"isAdmin":true}}',
    })
    expect(polluted.status).toBe(400)
  })

  test('as a form that says a thing twice is refused', async () => {
    const answer = await fetch(`${system.url}/oauth/token`, {
      method: 'POST',
      body: 'grant_type=client_credentials&grant_type=password&client_id=admin&client_secret=x',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    })
    expect(answer.status).toBe(400)
  })

  test('under two Authorization headers is refused', async () => {
    const good = `Authorization: Bearer ${system.adminToken}`
    const line = 'GET /v2/order/list HTTP/1.1'
    expect(await raw([line, 'Host: x', good])).toMatch(/^HTTP\/1\.1 200/)
    expect(await raw([line, 'Host: x', good, `authorization: Bearer ${mallory.token}`])).toMatch(
      /^HTTP\/1\.1 401/,
    )
    expect(await raw([line, 'Host: x', 'Connection: authorization', `Authorization : Bearer x`])).toMatch(
      /^HTTP\/1\.1 400/,
    )
  })

  test('with two lengths, or a hidden second request, is refused', async () => {
    const head = ['POST /oauth/token HTTP/1.1', 'Host: x', 'Content-Type: application/json']
    const hidden = '0\r\n\r\nGET /v1/login/list HTTP/1.1\r\nHost: x\r\n\r\n'
    const both = await raw([...head, 'Content-Length: 5', 'Transfer-Encoding: chunked'], hidden)
    expect(both).toMatch(/^HTTP\/1\.1 400/)
    expect(both.match(/HTTP\/1\.1/g)).toHaveLength(1)
    expect(await raw([...head, 'Content-Length: 2', 'Content-Length: 3'], '{}')).toMatch(/^HTTP\/1\.1 400/)
    expect(await raw([...head, 'Transfer-Encoding: xchunked'], hidden)).toMatch(/^HTTP\/1\.1 (400|501)/)
  })

  test('as an address makes this system call nobody', async () => {
    const body = { client_name: 'lure', redirect_url: `${lureUrl}/callback` }
    const asked = { method: 'POST', token: system.adminToken } as const
    const client = await system.as('/v1/client', { ...asked, body })
    expect(client.status).toBe(200)
    const urls = ['jwks_uri', 'sector_identifier_uri', 'logo_uri', 'request_uris']
    for (const name of urls) {
      const answer = await system.as('/v1/client', {
        ...asked,
        body: { ...body, client_name: name, [name]: lureUrl },
      })
      expect(answer.status).toBe(422)
    }
    const key = textOf(client, 'ClientKey')
    const secret = textOf(client, 'ClientSecret')
    const form = { client_id: key, client_secret: secret, grant_type: 'client_credentials' }
    for (const more of [{ request_uri: lureUrl }, { resource: lureUrl }, { redirect_uri: lureUrl }]) {
      await system.oauth('/oauth/token', { ...form, ...more })
    }
    const metadata = { ...form, client_id: `${lureUrl}/client` }
    expect((await system.oauth('/oauth/token', metadata)).status).toBe(401)
    for (const url of ['file:///etc/passwd', 'javascript:alert(1)', 'gopher://127.0.0.1']) {
      const answer = await system.as('/v1/client', {
        ...asked,
        body: { client_name: url, redirect_url: url },
      })
      expect(answer.status).toBe(422)
    }
    expect(visits).toBe(0)
  })
})

/** What is answered to bytes that no client would send, until the connection ends. */
async function raw(head: readonly string[], body = ''): Promise<string> {
  const { port, hostname } = new URL(system.url)
  const socket = connect(Number(port), hostname)
  const parts: Buffer[] = []
  const text = `${[...head, 'Connection: close'].join('\r\n')}\r\n\r\n${body}`
  return await new Promise((resolve, reject) => {
    socket.on('data', (data) => parts.push(data))
    socket.on('end', () => resolve(Buffer.concat(parts).toString()))
    socket.on('error', reject)
    socket.write(text)
  })
}
