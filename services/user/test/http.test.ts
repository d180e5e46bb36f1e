// Scenes about the user service's routes: a request, what is executed, the answer.
import { rejected, succeeded } from '@ensemble/core'
import { FRESH_ID, hostAnswering, serverOf, type Asked } from '@ensemble/service/testing'
import { describe, expect, test } from 'vitest'
import { userRoutes } from '../http.ts'

const USER_ID = '5f0c2a34-7a0e-4f0b-9a55-0d9f3a1c7e21'

const result = {
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
const row = { id_user: '900000000000000001', ...result }

const reads = {
  get: async (uuid: string) => (uuid === USER_ID ? row : undefined),
  list: async ({ limit, offset }: { limit: number; offset: number }) => ({
    total: 41,
    results: limit === 20 && offset === 20 ? [row] : [],
  }),
}

interface Body {
  readonly paths: object
}

async function answer(
  request: { method: 'GET' | 'PUT' | 'DELETE'; url: string; body?: object; headers?: Record<string, string> },
  outcome: unknown = succeeded(result),
  asked: Asked[] = [],
) {
  const server = await serverOf(userRoutes({ host: hostAnswering(outcome, asked), reads }))
  const response = await server.inject(request)
  return { status: response.statusCode, body: response.json<Body>(), asked }
}

describe('reads', () => {
  test('given a user, when read, then the row', async () => {
    expect(await answer({ method: 'GET', url: `/v2/user/get/${USER_ID}` })).toMatchObject({
      status: 200,
      body: row,
    })
  })

  test('given nobody, when read, then 404', async () => {
    const read = await answer({ method: 'GET', url: `/v2/user/get/${FRESH_ID}` })
    expect(read).toMatchObject({ status: 404, body: { code: 'unknown-user' } })
  })

  test('given 41 users, when the second page is read, then the rows after the first twenty', async () => {
    expect(await answer({ method: 'GET', url: '/v2/user/list?page=2' })).toMatchObject({
      status: 200,
      body: { status: 200, meta: { limit: 20, page: 2, total: 41 }, results: [row] },
    })
  })
})

describe.each(['v1', 'v2'])('writes under /%s', (version) => {
  const url = `/${version}/user/${USER_ID}`

  test('given a change, when put, then it is executed and the user answered', async () => {
    expect(await answer({ method: 'PUT', url, body: { city: 'Bandung' } })).toEqual({
      status: 200,
      body: result,
      asked: [
        {
          request: 'user.update',
          input: { userId: USER_ID, changes: { city: 'Bandung' } },
          operation: undefined,
        },
      ],
    })
  })

  test('given one key twice, when put, then one operation; another content is another', async () => {
    const headers = { 'idempotency-key': 'k1' }
    const asked: Asked[] = []
    await answer({ method: 'PUT', url, body: { city: 'A' }, headers }, succeeded(result), asked)
    await answer({ method: 'PUT', url, body: { city: 'A' }, headers }, succeeded(result), asked)
    await answer({ method: 'PUT', url, body: { city: 'B' }, headers }, succeeded(result), asked)
    const [first, second, third] = asked.map(({ operation }) => operation)
    expect(first).toMatch(/^http\/[0-9a-f-]{36}$/)
    expect(second).toBe(first)
    expect(third).not.toBe(first)
  })

  test('given a body that changes nothing known, when put, then 422 and nothing executed', async () => {
    expect(await answer({ method: 'PUT', url, body: {} })).toMatchObject({ status: 422, asked: [] })
    expect(await answer({ method: 'PUT', url, body: { uuid: FRESH_ID } })).toMatchObject({
      status: 422,
      asked: [],
    })
  })

  test('given refusals, when put or deleted, then 404 and 409 with what was said', async () => {
    const unknown = rejected('unknown_user', { uuid_user: USER_ID })
    const duplicate = rejected('duplicate_email', { email: 'a@b.id' })
    expect(await answer({ method: 'PUT', url, body: { city: 'A' } }, unknown)).toMatchObject({ status: 404 })
    expect(await answer({ method: 'DELETE', url }, unknown)).toMatchObject({ status: 404 })
    expect(await answer({ method: 'PUT', url, body: { email: 'a@b.id' } }, duplicate)).toMatchObject({
      status: 409,
      body: { code: 'duplicate-email', rejection: 'duplicate_email', data: { email: 'a@b.id' } },
    })
  })

  test('given a user, when deleted, then it is executed and the row answered', async () => {
    const gone = { ...result, deleted_at: '2024-03-01T09:31:00.000Z' }
    expect(await answer({ method: 'DELETE', url }, succeeded(gone))).toEqual({
      status: 200,
      body: gone,
      asked: [{ request: 'user.delete', input: { userId: USER_ID }, operation: undefined }],
    })
  })
})

test('given the routes, when described, then the document names all of them', async () => {
  const document = await answer({ method: 'GET', url: '/openapi.json' })
  const paths = Object.keys(document.body.paths).filter((path) => path.includes('/user'))
  expect(paths.sort()).toEqual(['/v1/user/{uuid}', '/v2/user/get/{uuid}', '/v2/user/list', '/v2/user/{uuid}'])
})
