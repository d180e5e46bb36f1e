// Owns: what a server does by itself: health, documents, headers, faults, CORS, several services on one server.
import { connect } from 'node:net'
import type { FastifyBaseLogger } from 'fastify'
import { afterEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { problem, problems, retryLater, standsBy } from '../src/index.ts'
import type { Check, Routes, Server } from '../src/index.ts'
import { listening, manualClock, peopleRoutes, peopleServer } from './support.ts'
import type { Overrides } from './support.ts'

const open: Server[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()))
})

async function given(overrides: Overrides = {}): Promise<Server> {
  const server = await peopleServer(overrides)
  open.push(server)
  return server
}

const openApi = z.object({
  openapi: z.string(),
  info: z.unknown(),
  paths: z.record(z.string(), z.record(z.string(), z.looseObject({ responses: z.unknown() }))),
})
const coded = z.looseObject({ code: z.string() })

/** A logger that keeps what it is told as errors, with the bindings of its parents. */
function recorder(logged: unknown[], bindings: object): FastifyBaseLogger {
  const quiet = () => undefined
  return {
    level: 'error',
    fatal: quiet,
    warn: quiet,
    info: quiet,
    debug: quiet,
    trace: quiet,
    silent: quiet,
    error: (context: unknown, message?: unknown) => {
      logged.push({ bindings, context, message })
    },
    child: (more) => recorder(logged, { ...bindings, ...more }),
  }
}

const up: Check = { name: 'database', probe: async () => undefined }
const down: Check = { name: 'bus', probe: () => Promise.reject(new Error('secret')) }

describe('health', () => {
  it('liveness keeps the contract and adds fields, and touches no dependency', async () => {
    const server = await given({
      ready: () => Promise.reject(new Error('away')),
      healthFields: () => ({ auth: 'open' }),
    })
    const expected = {
      status: 'OK',
      created_at: '2026-11-23T10:00:00.000Z',
      service: 'people',
      version: '1.2.3',
      auth: 'open',
    }
    expect((await server.inject('/v1/health')).json()).toEqual(expected)
    expect((await server.inject('/health/live')).json()).toEqual(expected)
  })

  it('readiness says which dependency is fine', async () => {
    const server = await given({ ready: async () => [up] })
    for (const path of ['/v1/health/ready', '/health/ready']) {
      const answer = await server.inject(path)
      expect({ status: answer.statusCode, body: answer.json() }).toEqual({
        status: 200,
        body: {
          status: 'OK',
          created_at: '2026-11-23T10:00:00.000Z',
          checks: [{ name: 'database', status: 'OK' }],
        },
      })
    }
  })

  it('readiness answers in time when one dependency fails and another never answers', async () => {
    const clock = manualClock()
    const probed = Promise.withResolvers<AbortSignal>()
    const hanging: Check = {
      name: 'history',
      probe: (signal) => {
        probed.resolve(signal)
        return new Promise(() => undefined)
      },
    }
    const server = await given({ clock, ready: async () => [up, down, hanging] })
    const asked = server.inject('/health/ready')
    const signal = await probed.promise
    // A whole request later the probes that answer have answered.
    await server.inject('/health/live')
    clock.advance(2_000)
    const answer = await asked
    expect(signal.aborted).toBe(true)
    expect(answer.json()).toEqual({
      type: 'urn:ensemble:problem:not-ready',
      title: 'Not ready',
      status: 503,
      detail: 'Down: bus, history.',
      instance: '/health/ready',
      code: 'not-ready',
      request_id: '00000000-0000-4000-8000-000000000001',
      checks: [
        { name: 'database', status: 'OK' },
        { name: 'bus', status: 'DOWN' },
        { name: 'history', status: 'DOWN' },
      ],
    })
  })
})

describe('documents', () => {
  it('OpenAPI 3.1 names the routes of every mounted service', async () => {
    const other: Routes = (server) => {
      server.get(
        '/v2/other',
        { schema: { response: { 200: z.object({ a: z.string() }), ...problems(404) } } },
        async () => ({
          a: 'b',
        }),
      )
    }
    const server = await given({ routes: [peopleRoutes, other] })
    const document = openApi.parse((await server.inject('/openapi.json')).json())
    expect(document.openapi).toBe('3.1.0')
    expect(document.info).toEqual({ title: 'People & co', description: 'A test.', version: '1.2.3' })
    expect(Object.keys(document.paths).sort()).toEqual([
      '/health/live',
      '/health/ready',
      '/v1/health',
      '/v1/health/ready',
      '/v1/person',
      '/v1/person/list',
      '/v1/person/{uuid}',
      '/v1/traced',
      '/v2/other',
    ])
    expect(document.paths['/v2/other']?.['get']?.responses).toEqual({
      200: {
        description: 'Default Response',
        content: {
          'application/json': {
            schema: {
              type: 'object',
              properties: { a: { type: 'string' } },
              required: ['a'],
              additionalProperties: false,
            },
          },
        },
      },
      404: {
        description: 'Problem details (RFC 9457)',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    })
    expect((await server.inject('/v2/other')).json()).toEqual({ a: 'b' })
  })

  it('the API page loads nothing from elsewhere', async () => {
    const server = await given()
    const page = await server.inject('/docs')
    expect(page.statusCode).toBe(200)
    expect(page.body).not.toMatch(/(src|href)="(?!\/)|https?:/)
    expect(page.headers['content-security-policy']).toContain("default-src 'none';script-src 'self';")
    const scripts = [...page.body.matchAll(/<script src="([^"]+)"/g)].map(([, path]) => path)
    expect(scripts).toEqual(['/docs/page.js'])
    const script = await server.inject('/docs/page.js')
    expect(script.headers['content-type']).toBe('text/javascript; charset=utf-8')
    // What the page relies on: the script starts by itself and reads its configuration from the element.
    expect(script.body).toContain('#api-reference[data-configuration]')
    expect(script.body).toContain('data-url')
    expect(script.body).not.toMatch(/new Function\(|[^\w.]eval\(/)
  })
})

describe('every answer', () => {
  it('carries a request id: the given one if harmless, else a new one', async () => {
    const server = await given()
    const kept = await server.inject({ url: '/v1/health', headers: { 'x-request-id': 'abc-1' } })
    const made = await server.inject({ url: '/v1/health', headers: { 'x-request-id': 'a, b' } })
    expect([kept.headers['x-request-id'], made.headers['x-request-id']]).toEqual([
      'abc-1',
      '00000000-0000-4000-8000-000000000001',
    ])
  })

  it('has safe headers and no CORS unless configured', async () => {
    const plain = await given()
    const asked = { url: '/v1/health', headers: { origin: 'https://shop.test' } }
    const answer = await plain.inject(asked)
    expect(answer.headers).toMatchObject({
      'content-security-policy': "default-src 'none';frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
    })
    expect(answer.headers).not.toHaveProperty('access-control-allow-origin')

    const crossed = await given({ corsOrigins: ['https://shop.test'] })
    expect((await crossed.inject(asked)).headers['access-control-allow-origin']).toBe('https://shop.test')
    const other = await crossed.inject({ ...asked, headers: { origin: 'https://evil.test' } })
    expect(other.headers).not.toHaveProperty('access-control-allow-origin')
    const preflight = await crossed.inject({
      method: 'OPTIONS',
      url: '/v1/person',
      headers: { origin: 'https://shop.test', 'access-control-request-method': 'POST' },
    })
    expect(preflight.statusCode).toBe(204)
    expect(preflight.headers).not.toHaveProperty('access-control-allow-credentials')
    const missing = await crossed.inject({
      method: 'POST',
      url: '/nope',
      headers: { origin: 'https://shop.test' },
    })
    expect(missing.statusCode).toBe(404)
    expect(missing.headers['access-control-allow-origin']).toBe('https://shop.test')
  })
})

describe('faults of routes', () => {
  const fault = (code: string) => Object.assign(new Error('password=hunter2 at db:5432'), { code })
  const faulty: Routes = (server) => {
    server.get('/throws', async () => {
      throw new Error('password=hunter2')
    })
    server.get('/wrong', { schema: { response: { 200: z.object({ a: z.string().max(1) }) } } }, async () => ({
      a: 'hunter2',
    }))
    server.get('/serialized', async (_request, reply) => {
      reply.serializer(() => 'password=hunter2')
      throw new Error('password=hunter2')
    })
    server.get('/away', async () => {
      throw fault('CONNECTION')
    })
    server.get('/slow', async () => {
      throw fault('TIMEOUT')
    })
    server.get('/later', async () => {
      throw retryLater(7)
    })
    server.get('/teapot', { schema: { response: problems(418) } }, async () => {
      throw problem(418, 'teapot', 'Short and stout.', {
        members: { spout: true },
        headers: { 'x-pot': 'tea' },
      })
    })
  }

  it.each([
    ['/throws', 500, 'internal-error', undefined],
    ['/wrong', 500, 'internal-error', undefined],
    ['/serialized', 500, 'internal-error', undefined],
    ['/away', 503, 'retry-later', '2'],
    ['/slow', 503, 'retry-later', '2'],
    ['/later', 503, 'retry-later', '7'],
  ])('%s is answered %i %s', async (url, status, code, retryAfter) => {
    const server = await given({ routes: [faulty] })
    const answer = await server.inject(url)
    expect({
      status: answer.statusCode,
      code: coded.parse(answer.json()).code,
      after: answer.headers['retry-after'],
    }).toEqual({
      status,
      code,
      after: retryAfter,
    })
    expect(answer.body).not.toMatch(/hunter2|5432|invalid_type/)
  })

  it('a problem comes out as thrown', async () => {
    const server = await given({ routes: [faulty] })
    const answer = await server.inject('/teapot')
    expect(answer.headers['x-pot']).toBe('tea')
    expect(answer.json()).toEqual({
      type: 'urn:ensemble:problem:teapot',
      title: 'Teapot',
      status: 418,
      detail: 'Short and stout.',
      instance: '/teapot',
      code: 'teapot',
      request_id: '00000000-0000-4000-8000-000000000001',
      spout: true,
    })
  })

  it('the cause of a fault is logged with the request id', async () => {
    const logged: unknown[] = []
    const server = await given({ routes: [faulty], logger: recorder(logged, {}) })
    await server.inject('/throws')
    expect(logged).toEqual([
      {
        bindings: { reqId: '00000000-0000-4000-8000-000000000001' },
        context: { err: new Error('password=hunter2') },
        message: 'internal-error',
      },
    ])
  })
})

describe('pressure', () => {
  it('an unloaded server refuses nothing', async () => {
    const server = await given({ eventLoopDelayMsMax: 60_000 })
    expect((await server.inject('/v1/health')).statusCode).toBe(200)
  })

  /** A server with room for two, whose answers are held back. */
  async function held() {
    const waiting: (() => void)[] = []
    const slow = (): Promise<string> => new Promise((resolve) => waiting.push(() => resolve('done')))
    const server = await given({
      inFlightMax: () => 2,
      routes: [
        (scope) => {
          scope.get('/slow', slow)
          scope.get('/new', { config: { load: 'new' } }, slow)
          scope.get('/patient', (request) => {
            standsBy(request)
            return slow()
          })
          scope.post('/body', async () => 'read')
          scope.get('/stream', { config: { load: 'stream' } }, async () => 'open')
        },
      ],
    })
    const statusOf = async (path: string): Promise<number> => (await server.inject(path)).statusCode
    /** Resolves when it is being answered. */
    const begin = async (path: string): Promise<{ readonly status: Promise<number> }> => {
      const before = waiting.length
      const status = statusOf(path)
      await expect.poll(() => waiting.length).toBe(before + 1)
      return { status }
    }
    const end = (): void => {
      for (const done of waiting.splice(0)) done()
    }
    return { server, statusOf, begin, end }
  }

  it('what is over the bound is told to come back, what begins something new sooner', async () => {
    const { server, statusOf, begin, end } = await held()
    const first = await begin('/slow')
    expect(await statusOf('/new')).toBe(503)
    const second = await begin('/slow')
    const refused = await server.inject('/slow')
    expect([refused.statusCode, refused.headers['retry-after']]).toEqual([503, '1'])
    const free = ['/stream', '/health/live', '/health/ready']
    expect(await Promise.all(free.map((path) => statusOf(path)))).toEqual([200, 200, 200])
    end()
    expect([await first.status, await second.status]).toEqual([200, 200])
    const third = await begin('/new')
    end()
    expect(await third.status).toBe(200)
  })

  it('who only waits for somebody else leaves his place, as long as not as many wait so already', async () => {
    const { statusOf, begin, end } = await held()
    const patient = [await begin('/patient'), await begin('/patient'), await begin('/patient')]
    const busy = await begin('/slow')
    expect(await statusOf('/slow')).toBe(503)
    end()
    expect(await Promise.all([...patient, busy].map(({ status }) => status))).toEqual([200, 200, 200, 200])
    const again = await begin('/new')
    end()
    expect(await again.status).toBe(200)
  })

  it('who sends half of a body has no place', async () => {
    const { server, begin, end } = await held()
    const { port } = new URL(await listening(server))
    const half = connect(Number(port), '127.0.0.1')
    const head =
      'POST /body HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n"'
    await new Promise<void>((resolve) => half.write(head, () => resolve()))
    const [first, second] = [await begin('/slow'), await begin('/slow')]
    half.destroy()
    end()
    expect([await first.status, await second.status]).toEqual([200, 200])
  })
})
