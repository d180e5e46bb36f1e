// Logins as callers meet them, and a canary: a password that must be found nowhere but, as a hash, in its own table.
import { fingerprint, idFromKey } from '@ensemble/http'
import { ROLE, rowIdOf } from '@ensemble/service-contracts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { found } from '../scripts/demo/client.ts'
import { hearEverything, serverLog, type Hearing } from './hearing.ts'
import { loginBody, registered } from './people.ts'
import { call, startTestSystem, type Answer, type TestSystem } from './support.ts'
import { tablesOf, type Tables } from './tables.ts'

const PASSWORD = 'correct horse'

describe('logins', () => {
  let system: TestSystem
  let user = ''
  beforeAll(async () => {
    system = await startTestSystem({ name: 'logins' })
    user = await registered(system.url, 'maya')
  })
  afterAll(async () => {
    await system.end()
  })

  const post = async (path: string, body: object): Promise<Answer> =>
    await call(`${system.url}${path}`, { method: 'POST', body })
  const open = async (username: string, password: string): Promise<Answer> =>
    await post('/v1/login/session', { username, password })

  test('given a user, when a login is made by the id that reads show, then it is there, and in history', async () => {
    const { id_user } = (await call(`${system.url}/v2/user/get/${user}`)).body
    const body = { id_user, username: 'Maya', password: PASSWORD, id_roles: ROLE.operator }
    const made = await post('/v1/login', body)
    const uuid = String(made.body['uuid'])
    const login = {
      uuid,
      id_user,
      uuid_user: user,
      username: 'maya',
      id_roles: ROLE.operator,
      deleted_at: null,
    }
    expect(made).toMatchObject({
      status: 200,
      body: {
        event: { __uuid: uuid, __action: 'login', data: { id_user, username: 'maya' }, status: 'QUEUE' },
      },
    })
    expect((await call(`${system.url}/v1/login/get?username=maya`)).body).toMatchObject(login)
    expect((await call(`${system.url}/v1/login/list`)).body).toMatchObject({
      status: 200,
      meta: { limit: 20, page: 1, total: 1 },
      results: [login],
    })
    const document = await found('the document of the login', async () => {
      const { status, body: read } = await call(`${system.url}/v1/user/${uuid}`)
      return status === 200 ? read : undefined
    })
    expect(document).toMatchObject({
      __uuid: uuid,
      __action: 'users',
      history: [{ data: { result: login } }],
    })
  })

  test('given a login, when its password comes, then who it is and what it may do', async () => {
    await post('/v1/login', loginBody(user, 'session'))
    expect(await open('session', PASSWORD)).toMatchObject({
      status: 200,
      body: {
        login: { username: 'session', uuid_user: user },
        session: { uuid: user, id_user: rowIdOf(user), first_name: 'Maya' },
        role: {
          id_roles: ROLE.customer,
          nm_roles: 'customer',
          acl: ['user:own', 'order:own', 'payment:own'],
        },
      },
    })
  })

  test('given a name that somebody has, when it is asked for in capitals, then 409', async () => {
    await post('/v1/login', loginBody(user, 'taken'))
    expect(await post('/v1/login', loginBody(user, 'TAKEN'))).toMatchObject({
      status: 409,
      body: { code: 'duplicate-username', data: { username: 'taken' } },
    })
  })

  test('given twenty who ask for one name at once, when answered, then one has it', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => post('/v1/login', loginBody(user, 'race'))),
    )
    const statuses = answers.map(({ status }) => status).toSorted((left, right) => left - right)
    expect(statuses).toEqual([200, ...Array.from({ length: 19 }, () => 409)])
  })

  test('given a wrong password or a name nobody has, when guessed at, then nobody can tell which', async () => {
    await post('/v1/login', loginBody(user, 'guessed'))
    const heard = async (username: string) => {
      const answers: (readonly [number, object, boolean])[] = []
      for (let guess = 0; guess < 6; guess += 1) {
        const { status, body, headers } = await open(username, `wrong ${guess}`)
        answers.push([status, { ...body, request_id: '' }, headers.has('retry-after')])
      }
      return answers
    }
    const known = await heard('guessed')
    expect(await heard('nobody')).toEqual(known)
    expect(known.map(([status]) => status)).toEqual([401, 401, 401, 401, 401, 429])
    expect((await open('guessed', PASSWORD)).status).toBe(429)
  })

  test('given a deleted user, when the login is used, then it is as if it had never been', async () => {
    const leaver = await registered(system.url, 'leaver')
    await post('/v1/login', loginBody(leaver, 'leaver'))
    expect((await open('leaver', PASSWORD)).status).toBe(200)
    await call(`${system.url}/v1/user/${leaver}`, { method: 'DELETE' })
    expect((await open('leaver', PASSWORD)).status).toBe(401)
    expect((await call(`${system.url}/v1/login/get?username=leaver`)).status).toBe(404)
    expect((await post('/v1/login', loginBody(user, 'leaver'))).status).toBe(409)
  })
})

/** In lower case, because a name is: somebody types it there too. */
const CANARY = 'canary-7f3a9c-password'

describe.each([
  ['one database', false],
  ['a database for each service', true],
])('a canary password, %s', (name, separateDatabases) => {
  const answers: string[] = []
  let hearing: Hearing
  let system: TestSystem
  let tables: Tables
  let body: ReturnType<typeof loginBody>
  beforeAll(async () => {
    hearing = hearEverything()
    const environment = { separateDatabases }
    system = await startTestSystem({ name: `canary ${name}`, environment, say: hearing.say })
    tables = await tablesOf(system)
    body = loginBody(await registered(system.url, 'canary'), 'keeper', CANARY)
    await live()
    await tables.quiet()
  })
  afterAll(async () => {
    hearing.stop()
    await tables.close()
    await system.end()
  })

  async function send(path: string, sent: unknown, headers: Record<string, string> = {}): Promise<number> {
    const answer = await fetch(`${system.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof sent === 'string' ? sent : JSON.stringify(sent),
    })
    answers.push(JSON.stringify([...answer.headers]), await answer.text())
    return answer.status
  }

  /** Everything that can happen to a password, well and badly. */
  async function live(): Promise<void> {
    const key = { 'idempotency-key': 'canary-key' }
    const session = { username: 'keeper', password: CANARY }
    const statuses = [
      await send('/v1/login', body, key),
      await send('/v1/login', body, key),
      await send('/v1/login', { ...body, password: `${CANARY}!` }, key),
      await send('/v1/login', body),
      await send('/v1/login', { ...body, username: 'no name', extra: CANARY }),
      await send('/v1/login', { ...body, uuid_user: CANARY }),
      await send('/v1/login', { ...body, uuid_user: '00000000-0000-4000-8000-00000000dead' }),
      await send('/v1/login', `{"password":"${CANARY}",`),
      await send('/v1/login', JSON.stringify([CANARY])),
      await send('/v1/login', body, { ...key, 'saga-pattern': 'both' }),
      await send('/v1/login/session', session, key),
      await send('/v1/login/session', { ...session, username: 'nobody' }),
      await send('/v1/login/session', { username: CANARY, password: CANARY }),
      await send('/v1/login/session', `{"password":"${CANARY}",`),
    ]
    await tables.rows('user', 'ALTER TABLE "user".tb_login RENAME TO tb_login_away')
    const broken = [
      await send('/v1/login', { ...body, username: 'other' }),
      await send('/v1/login/session', session),
    ]
    await tables.rows('user', 'ALTER TABLE "user".tb_login_away RENAME TO tb_login')
    for (const path of ['/v1/login/list', '/v1/login/get?username=keeper', `/v1/user/${body.uuid_user}`]) {
      answers.push(await (await fetch(`${system.url}${path}`)).text())
    }
    expect([statuses, broken]).toEqual([
      [200, 200, 422, 409, 422, 422, 422, 400, 422, 400, 200, 401, 401, 400],
      [500, 500],
    ])
  }

  test('is in no table, no log and no answer', async () => {
    const log = await serverLog(tables, '"tb_login" does not exist')
    expect(await tables.holding(CANARY)).toEqual([])
    expect([...hearing.heard, log].join('\n')).not.toContain(CANARY)
    expect(answers.join('\n')).not.toContain(CANARY)
    // What is looked through holds the rest of what happened.
    expect(await tables.holding('keeper')).toEqual(
      expect.arrayContaining([
        'user.tb_login',
        'user.ensemble_claim',
        'bus.log_entry',
        'history.tb_history_entry',
      ]),
    )
    expect(answers.join('\n')).toContain('keeper')
    for (const text of [hearing.heard.join('\n'), log]) expect(text).toContain('"tb_login" does not exist')
  })

  test('has one hash, in its table alone', async () => {
    const [row] = await tables.rows('user', 'SELECT password FROM "user".tb_login')
    const hash = String(row?.['password'])
    const parts = [hash, ...hash.split('$').slice(-2)]
    expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
    for (const part of parts) expect(await tables.holding(part)).toEqual(['user.tb_login'])
    const said = [...hearing.heard, ...answers, await serverLog(tables, '"tb_login" does not exist')].join(
      '\n',
    )
    expect(parts.filter((part) => said.includes(part))).toEqual([])
  })

  test('has no fingerprint that could be tried offline', async () => {
    const asked = { method: 'POST', path: '/v1/login', body }
    const print = fingerprint(asked)
    for (const text of [print, idFromKey(print, 'canary-key')]) expect(await tables.holding(text)).toEqual([])
    expect(await tables.holding('canary-key')).toEqual([])
  })
})
