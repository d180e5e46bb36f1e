// Scenes about the routes of logins, without a database: what is asked of whom, and what is answered.
import { rejected, succeeded } from '@ensemble/core'
import { rowIdOf, type LoginRow } from '@ensemble/service-contracts'
import { FRESH_ID, hostAnswering, ids, serverOf, type Asked } from '@ensemble/service/testing'
import { describe, expect, test } from 'vitest'
import type { Gate, Verdict } from '../gate.ts'
import { loginRoutes, type LoginHttp } from '../login-http.ts'
import type { Login } from '../login.ts'

const USER_ID = '5f0c2a34-7a0e-4f0b-9a55-0d9f3a1c7e21'
const NOW = Date.parse('2024-03-01T09:30:00Z')
const ROLE_ID = '545204885836100003'
const PASSWORD = 'correct horse'
const BODY = { id_user: rowIdOf(USER_ID), username: 'Maya', password: PASSWORD, id_roles: ROLE_ID }

const login: Login = {
  uuid: FRESH_ID,
  userId: USER_ID,
  username: 'maya',
  passwordHash: '$argon2id$secret',
  roleId: ROLE_ID,
  createdAt: NOW,
  updatedAt: NOW,
  deletedAt: null,
  version: 1,
}
const row: LoginRow = {
  uuid: FRESH_ID,
  id_user: rowIdOf(USER_ID),
  uuid_user: USER_ID,
  username: 'maya',
  id_roles: ROLE_ID,
  created_at: '2024-03-01T09:30:00.000Z',
  update_at: '2024-03-01T09:30:00.000Z',
  deleted_at: null,
}
const role = { id_roles: ROLE_ID, nm_roles: 'customer', acl: ['order:own'] }
const user = {
  id_user: rowIdOf(USER_ID),
  uuid: USER_ID,
  first_name: 'Maya',
  last_name: null,
  email: 'maya@example.test',
  site_profil: `Maya-${USER_ID}`,
  handphone: '620000000001',
  address: 'Street 1',
  city: null,
  province: null,
  district: null,
  created_at: '2024-03-01T09:30:00.000Z',
  updated_at: '2024-03-01T09:30:00.000Z',
  deleted_at: null,
}

interface Given {
  readonly outcome?: unknown
  /** Logins as `find` sees them, one call after the other. */
  readonly finds?: readonly (Login | undefined)[]
  readonly verdict?: Exclude<Verdict<never>['status'], 'right'>
  readonly isOwned?: boolean
  readonly isUserThere?: boolean
}

async function scene(given: Given = {}) {
  const { outcome = succeeded(row), finds = [], verdict, isOwned = true, isUserThere = true } = given
  const asked: Asked[] = []
  const found = [...finds]
  const gate: Gate = {
    hash: async () => '$argon2id$secret',
    check: async (_, find) => {
      if (verdict === 'resting') return { status: 'resting', ms: 1_001 }
      const known = await find()
      return verdict === 'wrong' || known === undefined
        ? { status: 'wrong' }
        : { status: 'right', found: known }
    },
  }
  const http: LoginHttp = {
    host: hostAnswering(outcome, asked),
    gate,
    ids,
    logins: {
      permissions: async () => [],
      owner: async () => (isOwned ? USER_ID : undefined),
      find: async () => found.shift(),
      known: async () => ({ login, role }),
    },
    reads: {
      get: async (username) => (username === 'maya' ? row : undefined),
      list: async ({ limit, offset }) => ({ total: 21, results: limit === 20 && offset === 20 ? [row] : [] }),
    },
    users: { get: async () => (isUserThere ? user : undefined) },
  }
  const server = await serverOf(loginRoutes(http))
  const post = async (url: string, payload: object, key?: string) => {
    const headers = key === undefined ? {} : { 'idempotency-key': key }
    const {
      statusCode: status,
      headers: told,
      body,
    } = await server.inject({ method: 'POST', url, payload, headers })
    expect(body).not.toMatch(/secret|correct horse/)
    return { status, headers: told, body: JSON.parse(body) as Record<string, unknown>, asked }
  }
  return { server, post, asked }
}

const add = async (given: Given, body: object = BODY, key?: string) =>
  await (await scene(given)).post('/v1/login', body, key)

describe('making a login', () => {
  test('given a user, when asked, then the envelope of the contract without the password', async () => {
    const { status, body, asked } = await add({})
    const created_at = '2024-03-01T09:30:00.000Z'
    expect([status, body]).toEqual([
      200,
      {
        uuid: FRESH_ID,
        created_at,
        event: {
          __uuid: FRESH_ID,
          __action: 'login',
          __offset: 0,
          data: { id_user: rowIdOf(USER_ID), uuid_user: USER_ID, username: 'maya', id_roles: ROLE_ID },
          status: 'QUEUE',
          created_at,
        },
      },
    ])
    expect(asked).toEqual([
      {
        request: 'user.addLogin',
        input: {
          loginId: FRESH_ID,
          userId: USER_ID,
          username: 'maya',
          passwordHash: '$argon2id$secret',
          roleId: ROLE_ID,
        },
        operation: undefined,
      },
    ])
  })

  test.each([
    ['/id_user', BODY],
    ['/uuid_user', { ...BODY, id_user: undefined, uuid_user: USER_ID }],
  ])('given nobody, when asked by %s, then 422 names it and nothing is hashed', async (field, body) => {
    const refused = await add({ isOwned: false }, body)
    expect(refused).toMatchObject({
      status: 422,
      body: { errors: [{ field, message: 'names no user' }] },
      asked: [],
    })
    const gone = await add({ outcome: rejected('unknown_user', { uuid_user: USER_ID }) }, body)
    expect(gone).toMatchObject({ status: 422, body: { errors: [{ field }] } })
  })

  test('given a name that somebody has, when asked, then 409', async () => {
    expect(await add({ outcome: rejected('duplicate_username', { username: 'maya' }) })).toMatchObject({
      status: 409,
      body: { code: 'duplicate-username', rejection: 'duplicate_username', data: { username: 'maya' } },
    })
  })

  test.each([
    ['/id_user', { ...BODY, id_user: undefined }],
    ['/id_user', { ...BODY, uuid_user: USER_ID }],
    ['/username', { ...BODY, username: 'two words' }],
    ['/username', { ...BODY, username: 'mаya' }],
    ['/password', { ...BODY, password: 'x'.repeat(7) }],
    ['/password', { ...BODY, password: 'x'.repeat(129) }],
    ['/password', { ...BODY, password: `${'x'.repeat(8)}\ud800` }],
    ['/id_roles', { ...BODY, id_roles: '1' }],
  ])('given a wrong %s, when asked with %j, then 422 and nothing is asked', async (field, body) => {
    expect(await add({}, body)).toMatchObject({ status: 422, body: { errors: [{ field }] }, asked: [] })
  })

  test.each([8, 128])('given a password of %i characters, when asked, then 200', async (length) => {
    expect(await add({}, { ...BODY, password: ' '.repeat(length) })).toMatchObject({ status: 200 })
  })
})

describe('making a login under a key', () => {
  test('given one key twice, when asked, then one login; another key is another', async () => {
    const uuids = await Promise.all(
      ['k1', 'k1', 'k2'].map(async (key) => (await add({}, BODY, key)).body['uuid']),
    )
    expect(uuids[1]).toBe(uuids[0])
    expect(uuids[2]).not.toBe(uuids[0])
  })

  test('given the login of the key, when asked again, then the first answer, and nothing is executed', async () => {
    const { status, headers, body, asked } = await add({ finds: [login] }, BODY, 'k1')
    expect([status, headers['idempotency-replayed'], asked]).toEqual([200, 'true', []])
    expect(body).toMatchObject({ created_at: row.created_at, event: { data: { username: 'maya' } } })
  })

  test('given a twin that came first, when asked, then its answer', async () => {
    const outcome = rejected('login_exists', { uuid: FRESH_ID })
    const { status, headers } = await add({ outcome, finds: [undefined, login] }, BODY, 'k1')
    expect([status, headers['idempotency-replayed']]).toEqual([200, 'true'])
  })

  test.each([
    [{ ...BODY, username: 'dewi' }],
    [{ ...BODY, id_user: '1' }],
    [{ ...BODY, id_user: undefined, uuid_user: FRESH_ID }],
    [{ ...BODY, id_roles: '545204885836100001' }],
  ])('given the login of the key, when %j is asked, then 422', async (body) => {
    expect(await add({ finds: [login] }, body, 'k1')).toMatchObject({
      status: 422,
      body: { code: 'idempotency-key-reused' },
    })
  })

  test('given the login of the key, when another password comes, then 422, and after many 429', async () => {
    expect(await add({ finds: [login], verdict: 'wrong' }, BODY, 'k1')).toMatchObject({
      status: 422,
      body: { code: 'idempotency-key-reused' },
    })
    expect(await add({ finds: [login], verdict: 'resting' }, BODY, 'k1')).toMatchObject({ status: 429 })
  })
})

describe('a session', () => {
  const open = async (given: Given) =>
    await (await scene(given)).post('/v1/login/session', { username: 'maya', password: 'x' })

  test('given the right password, when asked, then login, user and role, kept by nobody', async () => {
    const { status, headers, body } = await open({})
    expect([status, body]).toEqual([200, { login: row, session: user, role }])
    expect(headers['cache-control']).toBe('no-store')
  })

  test('given a wrong password, or a user deleted this moment, when asked, then 401 and no more', async () => {
    const wrong = await open({ verdict: 'wrong' })
    expect(wrong).toMatchObject({ status: 401, body: { code: 'login-failed' } })
    expect(await open({ isUserThere: false })).toMatchObject({
      status: 401,
      body: { detail: wrong.body['detail'] },
    })
  })

  test('given a name that rests, when asked, then 429 and when to come back', async () => {
    expect(await open({ verdict: 'resting' })).toMatchObject({
      status: 429,
      headers: { 'retry-after': '2' },
      body: { code: 'too-many-attempts' },
    })
  })
})

describe('reads', () => {
  test('given a login, when read by its name in any case, then it; an unknown one is 404', async () => {
    const { server } = await scene()
    expect((await server.inject('/v1/login/get?username=MAYA')).json()).toEqual(row)
    expect((await server.inject('/v1/login/get?username=dewi')).json()).toMatchObject({
      code: 'unknown-login',
    })
    expect((await server.inject('/v1/login/get')).json()).toMatchObject({
      status: 422,
      errors: [{ field: 'query.username' }],
    })
  })

  test('given 21 logins, when the second page is read, then the last one', async () => {
    const { server } = await scene()
    expect((await server.inject('/v1/login/list?page=2')).json()).toEqual({
      status: 200,
      meta: { limit: 20, page: 2, total: 21 },
      results: [row],
    })
  })
})
