// Owns: one table of what callers can get wrong, and the whole document that each gets.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Server } from '../src/index.ts'
import { peopleServer } from './support.ts'

const ID = '5f0c2a34-7a0e-4f0b-9a55-0d9f3a1c7e21'
const UUID_FIX = `send a UUID such as ${ID}`

interface Bad {
  readonly given: string
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'PATCH' | 'HEAD' | 'OPTIONS'
  readonly url?: string
  readonly payload?: string | object
  readonly type?: string | null
  readonly headers?: Readonly<Record<string, string>>
  readonly status: number
  readonly code: string
  /** Members of the document that are compared as a whole when given. */
  readonly errors?: readonly { field: string; message: string; fix: string }[]
  readonly answered?: Readonly<Record<string, string>>
}

const valid = { first_name: 'Maya', email: 'maya@example.test' }
const deep = (levels: number) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`

const bodies: readonly Bad[] = [
  { given: 'no body', status: 400, code: 'body-empty' },
  {
    given: 'an empty body with a type',
    type: 'application/json',
    payload: '',
    status: 400,
    code: 'body-empty',
  },
  { given: 'half a JSON text', payload: '{"first_name":', status: 400, code: 'body-malformed' },
  { given: 'two JSON texts', payload: '{}{}', status: 400, code: 'body-malformed' },
  { given: 'NaN', payload: '{"age":NaN}', status: 400, code: 'body-malformed' },
  {
    given: 'a raw control character',
    payload: '{"first_name":"a\u0001"}',
    status: 400,
    code: 'body-malformed',
  },
  { given: '__proto__', payload: '{"__proto__":{"admin":true}}', status: 400, code: 'body-malformed' },
  {
    given: 'escaped __proto__',
    payload: '{"\\u005f_proto__":{"admin":true}}',
    status: 400,
    code: 'body-malformed',
  },
  {
    given: 'constructor.prototype',
    payload: '{"constructor":{"prototype":{}}}',
    status: 400,
    code: 'body-malformed',
  },
  { given: '65 levels', payload: deep(65), status: 400, code: 'body-too-deep' },
  { given: '100,000 levels', payload: deep(100_000), status: 400, code: 'body-too-deep' },
  {
    given: 'a form',
    type: 'application/x-www-form-urlencoded',
    payload: 'a=1',
    status: 415,
    code: 'unsupported-media-type',
  },
  { given: 'text', type: 'text/plain', payload: '{}', status: 415, code: 'unsupported-media-type' },
  { given: 'no type', type: null, payload: '{}', status: 415, code: 'unsupported-media-type' },
  { given: 'a broken type', type: '///', payload: '{}', status: 415, code: 'unsupported-media-type' },
  {
    given: 'null',
    payload: 'null',
    status: 422,
    code: 'invalid-request',
    errors: [{ field: 'body', message: 'is not an object', fix: 'send an object' }],
  },
  {
    given: 'an array',
    payload: '[]',
    status: 422,
    code: 'invalid-request',
    errors: [{ field: 'body', message: 'is not an object', fix: 'send an object' }],
  },
  {
    given: 'everything wrong',
    payload: { first_name: '', age: 1.5, tags: ['a', 'b', 'c'], kind: 'root', id_type: '-1', 'a/b~c': 1 },
    status: 422,
    code: 'invalid-request',
    errors: [
      { field: '/first_name', message: 'is too short', fix: 'send at least 1 character' },
      { field: '/email', message: 'is missing', fix: 'send a string' },
      { field: '/age', message: 'is not an integer', fix: 'send an integer' },
      { field: '/tags', message: 'is too long', fix: 'send at most 2 items' },
      { field: '/kind', message: 'is not one of the allowed values', fix: 'send one of: user, admin' },
      { field: '/id_type', message: 'has the wrong form', fix: 'send a 64-bit id as a string of digits' },
      { field: '/a~1b~0c', message: 'is not known', fix: 'leave it out' },
    ],
  },
  {
    given: 'an id over 64 bits',
    payload: { ...valid, id_type: '9223372036854775808' },
    status: 422,
    code: 'invalid-request',
    errors: [
      {
        field: '/id_type',
        message: 'is over the largest 64-bit id',
        fix: 'send at most 9223372036854775807',
      },
    ],
  },
  {
    given: 'an id as a number',
    payload: { ...valid, id_type: 1 },
    status: 422,
    code: 'invalid-request',
    errors: [{ field: '/id_type', message: 'is not a string', fix: 'send a string' }],
  },
  {
    given: 'the character that no database stores',
    payload: '{"first_name":"a\\u0000","email":"maya@example.test"}',
    status: 422,
    code: 'invalid-request',
    errors: [
      { field: '/first_name', message: 'holds the character U+0000', fix: 'leave that character out' },
    ],
  },
  {
    given: 'a key written twice, of which the last counts',
    payload: '{"first_name":"Maya","first_name":"","email":"maya@example.test"}',
    status: 422,
    code: 'invalid-request',
    errors: [{ field: '/first_name', message: 'is too short', fix: 'send at least 1 character' }],
  },
  {
    given: 'constructor as a plain member',
    payload: { ...valid, constructor: 'x' },
    status: 422,
    code: 'invalid-request',
    errors: [{ field: '/constructor', message: 'is not known', fix: 'leave it out' }],
  },
]

const get = { method: 'GET' } as const

const paths: readonly Bad[] = [
  { given: 'an unknown path', ...get, url: '/nope', status: 404, code: 'route-not-found' },
  {
    given: 'an unknown path with a broken body',
    url: '/nope',
    payload: '{',
    status: 404,
    code: 'route-not-found',
  },
  {
    given: 'an unknown path with a foreign type',
    url: '/nope',
    type: 'a/b',
    payload: '{',
    status: 404,
    code: 'route-not-found',
  },
  {
    given: 'a prototype as path',
    ...get,
    url: '/__proto__/constructor',
    status: 404,
    code: 'route-not-found',
  },
  { given: 'a broken percent-encoding', ...get, url: '/v1/%zz', status: 400, code: 'url-malformed' },
  {
    given: 'a part of 300 characters',
    ...get,
    url: `/v1/person/${'a'.repeat(300)}`,
    status: 414,
    code: 'url-too-long',
  },
  {
    given: 'a method that the path has not',
    method: 'PATCH',
    payload: valid,
    status: 405,
    code: 'method-not-allowed',
    answered: { allow: 'POST' },
  },
  {
    given: 'a wrong method on a template',
    url: `/v1/person/${ID}`,
    payload: valid,
    status: 405,
    code: 'method-not-allowed',
    answered: { allow: 'DELETE, GET, HEAD, PUT' },
  },
  {
    given: 'OPTIONS without CORS',
    method: 'OPTIONS',
    status: 405,
    code: 'method-not-allowed',
    answered: { allow: 'POST' },
  },
  {
    given: 'no uuid in the path',
    ...get,
    url: '/v1/person/7',
    status: 422,
    code: 'invalid-request',
    errors: [{ field: 'path.uuid', message: 'has the wrong form', fix: UUID_FIX }],
  },
  {
    given: 'U+0000 in the path',
    ...get,
    url: '/v1/person/%00',
    status: 422,
    code: 'invalid-request',
    errors: [{ field: 'path.uuid', message: 'holds the character U+0000', fix: 'leave that character out' }],
  },
  {
    given: 'pages that do not exist',
    ...get,
    url: '/v1/person/list?limit=101&page=0',
    status: 422,
    code: 'invalid-request',
    errors: [
      { field: 'query.limit', message: 'is too big', fix: 'send at most 100' },
      { field: 'query.page', message: 'is too small', fix: 'send at least 1' },
    ],
  },
  {
    given: 'a limit given twice',
    ...get,
    url: '/v1/person/list?limit=1&limit=2',
    status: 422,
    code: 'invalid-request',
    errors: [{ field: 'query.limit', message: 'is not a number', fix: 'send a number' }],
  },
  {
    given: 'a missing header',
    ...get,
    url: '/v1/traced',
    status: 400,
    code: 'invalid-header',
    errors: [{ field: 'header.x-tenant', message: 'is missing', fix: 'send a string' }],
  },
  {
    given: 'a wrong header',
    ...get,
    url: '/v1/traced',
    headers: { 'X-Tenant': '7' },
    status: 400,
    code: 'invalid-header',
    errors: [{ field: 'header.x-tenant', message: 'has the wrong form', fix: 'match /^[a-z]+$/' }],
  },
]

describe('what callers get wrong', () => {
  let server: Server
  beforeAll(async () => {
    server = await peopleServer()
  })
  afterAll(() => server.close())

  it.each([...bodies, ...paths])('$given: $status $code', async (bad) => {
    const { method = 'POST', url = '/v1/person', payload, type = 'application/json' } = bad
    const typed = payload !== undefined && type !== null ? { 'content-type': type } : {}
    const answer = await server.inject({
      method,
      url,
      headers: { 'x-request-id': 'r-1', ...typed, ...bad.headers },
      ...(payload !== undefined && {
        payload: typeof payload === 'string' ? payload : JSON.stringify(payload),
      }),
    })
    const document = answer.json()
    expect(document).toEqual({
      type: `urn:ensemble:problem:${bad.code}`,
      title: expect.any(String),
      status: bad.status,
      detail: expect.any(String),
      instance: url.split('?')[0],
      code: bad.code,
      request_id: 'r-1',
      ...(bad.errors && { errors: bad.errors }),
      ...(bad.code === 'invalid-header' && { header: 'x-tenant' }),
    })
    expect(answer.statusCode).toBe(bad.status)
    expect(answer.headers).toMatchObject({
      'content-type': 'application/problem+json',
      'x-request-id': 'r-1',
      ...bad.answered,
    })
    expect(Object.prototype).not.toHaveProperty('admin')
  })

  it('names at most 20 errors and cuts long names', async () => {
    const payload = Object.fromEntries(
      Array.from({ length: 50 }, (_, index) => [`${'k'.repeat(100)}${index}`, 1]),
    )
    const answer = await server.inject({ method: 'POST', url: '/v1/person', payload })
    const { errors } = answer.json<{ errors: { field: string }[] }>()
    expect(errors.map(({ field }) => field)).toEqual([
      '/first_name',
      '/email',
      ...Array.from({ length: 18 }, () => `/${'k'.repeat(64)}`),
    ])
  })

  it('64 levels are still read, and a DELETE may carry an empty typed body', async () => {
    const json = { 'content-type': 'application/json; charset=utf-8' }
    const nested = await server.inject({
      method: 'PUT',
      url: `/v1/person/${ID}`,
      headers: json,
      payload: deep(64),
    })
    expect({ status: nested.statusCode, body: nested.body }).toEqual({ status: 200, body: deep(64) })
    const gone = await server.inject({
      method: 'DELETE',
      url: `/v1/person/${ID}`,
      headers: json,
      payload: '',
    })
    expect(gone.json()).toEqual({ gone: true })
  })
})
