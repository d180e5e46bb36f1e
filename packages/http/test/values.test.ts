// Owns: the pure parts: headers, fingerprints, ids, schemas, envelopes, problem documents.
import { assert, jsonValue, property } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BODY_DEPTH_MAX, depthOf } from '../src/body.ts'
import { problemOf } from '../src/faults.ts'
import { wellFormedRequestId } from '../src/headers.ts'
import { uuidOfName } from '../src/ids.ts'
import {
  Problem,
  canonicalJson,
  fingerprint,
  historyDocumentSchema,
  id64,
  idFromKey,
  listEnvelope,
  offsetOf,
  pagination,
  parseIdempotencyKey,
  parseSagaPattern,
  parseWait,
  problem,
  queuedEnvelope,
  queuedEnvelopeSchema,
  retryLater,
  rfc3339,
  tooEarly,
  unprocessable,
  uuid,
} from '../src/index.ts'
import { problemDocument } from '../src/problem.ts'
import { patternOf } from '../src/routing.ts'
import { START, person } from './support.ts'

function refusal(work: () => unknown): unknown {
  try {
    work()
  } catch (error) {
    if (error instanceof Problem)
      return { status: error.status, code: error.code, header: error.members['header'] }
    throw error
  }
  return 'accepted'
}

describe('Saga-Pattern', () => {
  it.each([
    [undefined, 'choreography'],
    ['orchestration', 'orchestration'],
    [' Choreography ', 'choreography'],
  ] as const)('%j asks for %s', (value, pattern) => {
    expect(parseSagaPattern(value, 'choreography')).toBe(pattern)
  })

  it.each(['', 'both', 'orchestration, choreography', '__proto__'])('%j is refused and named', (value) => {
    const refused = { status: 400, code: 'invalid-header', header: 'Saga-Pattern' }
    expect(refusal(() => parseSagaPattern(value, 'orchestration'))).toEqual(refused)
  })

  it('names the allowed values', () => {
    expect(() => parseSagaPattern('x', 'orchestration')).toThrow(
      expect.objectContaining({
        members: {
          header: 'Saga-Pattern',
          errors: [
            {
              field: 'header.saga-pattern',
              message: 'names no pattern',
              fix: 'send one of: orchestration, choreography',
            },
          ],
        },
      }),
    )
  })
})

describe('Prefer', () => {
  it.each([
    [undefined, undefined],
    ['', undefined],
    ['respond-async', undefined],
    ['wait=5', 5],
    ['WAIT = 5', 5],
    ['wait="5"', 5],
    ['wait=0', 0],
    ['wait=30', 30],
    ['wait=31', 30],
    ['wait=999999999', 30],
    ['respond-async, wait=7; strict, wait=9', 7],
    ['note="a, wait=1", wait=2', 2],
    ['note="a\\", wait=1", wait=3', 3],
    ['waiting=x', undefined],
  ])('%j waits %j seconds', (value, seconds) => {
    expect(parseWait(value)).toBe(seconds)
  })

  it.each(['wait', 'wait=', 'wait=-1', 'wait=1.5', 'wait=soon', 'wait=1e1', 'wait=5 5'])(
    '%j is refused',
    (value) => {
      expect(refusal(() => parseWait(value))).toEqual({
        status: 400,
        code: 'invalid-header',
        header: 'Prefer',
      })
    },
  )
})

describe('Idempotency-Key and X-Request-Id', () => {
  it.each([undefined, 'a', 'x'.repeat(255), '"quoted key" ~'])('the key %j is taken as sent', (value) => {
    expect(parseIdempotencyKey(value)).toBe(value)
  })

  it.each(['', 'x'.repeat(256), 'schlüssel', 'a\tb', 'a\u0000'])('the key %j is refused', (value) => {
    const refused = { status: 400, code: 'invalid-header', header: 'Idempotency-Key' }
    expect(refusal(() => parseIdempotencyKey(value))).toEqual(refused)
  })

  it.each(['abc-1.2:3~_', 'x'.repeat(128)])('the request id %j is kept', (value) => {
    expect(wellFormedRequestId(value)).toBe(value)
  })

  it.each(['', 'a, b', 'a b', '<script>', 'x'.repeat(129), undefined, ['a']])(
    'the request id %j is not',
    (value) => {
      expect(wellFormedRequestId(value)).toBe(undefined)
    },
  )
})

describe('fingerprint', () => {
  const asked = {
    method: 'POST',
    path: '/v1/order?x=1',
    body: { a: 1, b: [1, 2] },
    headers: { 'saga-pattern': undefined },
  }

  it('is the same for the same request, whatever the order of keys', () => {
    expect(fingerprint({ ...asked, body: { b: [1, 2], a: 1 } })).toBe(fingerprint(asked))
    expect(fingerprint(asked)).toMatch(/^[0-9a-f]{64}$/)
  })

  it.each([
    { method: 'PUT' },
    { path: '/v1/order?x=2' },
    { body: { a: 1, b: [2, 1] } },
    { body: { a: '1', b: [1, 2] } },
    { body: undefined },
    { headers: { 'saga-pattern': 'choreography' } },
  ])('differs with %j', (change) => {
    expect(fingerprint({ ...asked, ...change })).not.toBe(fingerprint(asked))
  })

  it('canonical JSON is JSON of the same value, and one text for equal values', () => {
    assert(
      property(jsonValue(), (value) => {
        const text = canonicalJson(value)
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)))
        expect(canonicalJson(JSON.parse(text))).toBe(text)
      }),
    )
  })

  it('dates and bigints that a schema made have a form', () => {
    expect(canonicalJson({ at: new Date(START), id: 5n, gone: undefined })).toBe(
      '{"at":"2026-11-23T10:00:00.000Z","id":{"$bigint":"5"}}',
    )
  })
})

describe('ids from keys', () => {
  it('are version 5 UUIDs, as the example of RFC 9562 A.4', () => {
    const dns = '6ba7b810-9dad-11d1-80b4-00c04fd430c8'
    expect(uuidOfName(dns, 'www.example.com')).toBe('2ed6657d-e927-568b-95e1-2665a8aea6a2')
  })

  it('stay the same for ever, and scopes and keys never run together', () => {
    expect(idFromKey('POST /v1/order', 'k1')).toBe('13d8c923-45fa-549f-8cc5-bb5ddff7702a')
    expect(uuid.safeParse(idFromKey('a', 'b')).success).toBe(true)
    const ids = [idFromKey('a', 'bc'), idFromKey('ab', 'c'), idFromKey('a","', 'c'), idFromKey('', 'abc')]
    expect(new Set(ids).size).toBe(4)
  })
})

describe('schemas', () => {
  it.each(['0', '1', '545251911825653761', '9223372036854775807'])('%s is a 64-bit id', (text) => {
    expect(id64.parse(text)).toBe(text)
  })

  it.each(['', '-1', '01', '1.0', '1e3', ' 1', '9223372036854775808', '99999999999999999999', 5])(
    '%j is none',
    (text) => {
      expect(id64.safeParse(text).success).toBe(false)
    },
  )

  it.each([
    [{}, { limit: 20, page: 1 }],
    [
      { limit: '100', page: '3' },
      { limit: 100, page: 3 },
    ],
    [
      { limit: '1', page: '1000000' },
      { limit: 1, page: 1_000_000 },
    ],
  ])('%j pages as %j', (query, page) => {
    expect(pagination.parse(query)).toEqual(page)
  })

  it.each([
    { limit: '0' },
    { limit: '101' },
    { limit: '' },
    { limit: '1.5' },
    { limit: ['1', '2'] },
    { page: '0' },
    { page: 'x' },
  ])('%j is refused', (query) => {
    expect(pagination.safeParse(query).success).toBe(false)
  })

  it('a page is a page, not an offset', () => {
    expect(offsetOf({ limit: 20, page: 3 })).toBe(40)
    expect(listEnvelope({ limit: 20, page: 3 }, { total: 41, results: ['last'] })).toEqual({
      status: 200,
      meta: { limit: 20, page: 3, total: 41 },
      results: ['last'],
    })
  })

  it('uuids have one spelling, times an offset', () => {
    expect(uuid.parse('5F0C2A34-7A0E-4F0B-9A55-0D9F3A1C7E21')).toBe('5f0c2a34-7a0e-4f0b-9a55-0d9f3a1c7e21')
    expect(rfc3339.safeParse('2024-03-01T09:30:00.123456+07:00').success).toBe(true)
    expect(rfc3339.safeParse('2024-03-01T09:30:00').success).toBe(false)
    expect(rfc3339.safeParse('2023-02-29T09:30:00Z').success).toBe(false)
  })
})

describe('envelopes', () => {
  const id = '5f0c2a34-7a0e-4f0b-9a55-0d9f3a1c7e21'
  const at = '2026-11-23T10:00:00.000Z'

  it('a queued event has one uuid and one time', () => {
    const data = { first_name: 'Maya', email: 'maya@example.test' }
    const envelope = queuedEnvelope({ uuid: id, action: 'users', data, createdAt: START })
    expect(envelope).toEqual({
      uuid: id,
      created_at: at,
      event: { __uuid: id, __action: 'users', __offset: 0, data, status: 'QUEUE', created_at: at },
    })
    expect(queuedEnvelopeSchema(person).parse(envelope)).toEqual(envelope)
  })

  it('a history document is one of the contract', () => {
    const entry = { data: { code: '200', result: { uuid: id } } }
    const document = { __uuid: id, __action: 'users', __offset: 0, history: [entry], status: 'success' }
    const whole = { ...document, created_at: at, update_at: at }
    expect(historyDocumentSchema.parse(whole)).toEqual(whole)
    expect(historyDocumentSchema.safeParse({ ...document, created_at: at, updated_at: at }).success).toBe(
      false,
    )
  })
})

describe('problems', () => {
  it('the document has the members of RFC 9457, and extensions cannot replace them', () => {
    const found = problem(409, 'order-complete', 'The order is complete.', {
      members: { status: 1, since: 'x' },
    })
    expect(problemDocument(found, '/v1/order/1?token=secret', 'r1')).toEqual({
      type: 'urn:ensemble:problem:order-complete',
      title: 'Order complete',
      status: 409,
      detail: 'The order is complete.',
      instance: '/v1/order/1',
      code: 'order-complete',
      request_id: 'r1',
      since: 'x',
    })
  })

  it('what asks for a retry says when', () => {
    expect(retryLater(2.5).headers).toEqual({ 'retry-after': '3' })
    expect(tooEarly('payment-not-ready', 'Soon.', 0)).toMatchObject({
      status: 409,
      headers: { 'retry-after': '1' },
    })
    expect(unprocessable([{ field: '/email', message: 'is taken', fix: 'send another' }])).toMatchObject({
      status: 422,
      detail: '/email is taken.',
    })
  })

  it.each([
    [Object.assign(new Error('secret host'), { code: 'CONNECTION' }), 503, 'retry-later'],
    [Object.assign(new Error('secret host'), { code: 'TIMEOUT' }), 503, 'retry-later'],
    [
      Object.assign(new Error('secret'), { code: 'FST_REPLY_FROM_GATEWAY_TIMEOUT', statusCode: 504 }),
      504,
      'gateway-timeout',
    ],
    [
      Object.assign(new Error('secret'), { code: 'FST_ERR_RESPONSE_SERIALIZATION', statusCode: 500 }),
      500,
      'internal-error',
    ],
    [Object.assign(new Error('secret'), { statusCode: 404 }), 500, 'internal-error'],
    [new TypeError('secret'), 500, 'internal-error'],
    ['secret', 500, 'internal-error'],
    [undefined, 500, 'internal-error'],
  ])('%s is answered %i %s without its text', (error, status, code) => {
    const found = problemOf(error)
    expect(found).toMatchObject({ status, code })
    expect(JSON.stringify(problemDocument(found, '/', 'r'))).not.toContain('secret')
  })
})

describe('bodies and paths', () => {
  it('depth counts brackets outside of strings only', () => {
    expect(depthOf('[{"a":["]]]","\\"[[["]}]')).toBe(3)
    expect(depthOf('1')).toBe(0)
    expect(depthOf('['.repeat(BODY_DEPTH_MAX + 1))).toBe(65)
  })

  it.each([
    ['/v1/user/:uuid', '/v1/user/a', true],
    ['/v1/user/:uuid', '/v1/user/a/', true],
    ['/v1/user/:uuid', '/v1/user/', false],
    ['/v1/user/:uuid', '/v1/user/a/b', false],
    ['/v1.0/a', '/v1x0/a', false],
    ['/files/*', '/files/a/b', true],
    ['/', '/', true],
    ['/', '/a', false],
  ])('%s and %s: %j', (template, path, matches) => {
    expect(patternOf(template).test(path)).toBe(matches)
  })
})
