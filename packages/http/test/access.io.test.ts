// Scenes about who may call: what routes declare, and what becomes of a call.
import { describe, expect, test } from 'vitest'
import {
  allow,
  callerOf,
  createServer,
  KNOWN,
  mount,
  ownerFor,
  PUBLIC,
  refuseOthers,
  routesOf,
  scopeOf,
  systemClock,
  systemIds,
  unauthorized,
  type Caller,
  type Guard,
  type Routes,
  type Server,
} from '../src/index.ts'

const MAYA = '5f0c2a34-7a0e-4f0b-9a55-0d9f3a1c7e21'

function callerWith(permissions: readonly string[], userId: string | null = MAYA): Caller {
  const token = { id: 't', grantId: 'g', expiresAt: 0 }
  return { clientId: 'app', userId, permissions: new Set(permissions), token }
}

const CALLERS: Readonly<Record<string, Caller>> = {
  'a.a.a': callerWith(['order:own']),
  'b.b.b': callerWith(['order:read']),
  'c.c.c': callerWith(['order:own'], null),
  'd.d.d': callerWith([]),
}

const guard: Guard = async (token) => {
  const caller = CALLERS[token]
  if (caller === undefined) throw unauthorized()
  return caller
}

async function serverWith(routes: Routes, asked?: Guard): Promise<Server> {
  const server = await createServer({
    name: 'test',
    version: '0',
    clock: systemClock,
    ids: systemIds,
    openapi: { title: 'test', description: 'test' },
    ready: async () => [],
    ...(asked && { guard: asked }),
  })
  mount(server, routes)
  await server.ready()
  return server
}

const routes: Routes = (server) => {
  server.get('/public', { config: PUBLIC }, async (request) => ({ caller: callerOf(request) ?? null }))
  server.get('/known', { config: KNOWN }, async (request) => ({ scope: scopeOf(request) }))
  server.get('/order', { config: allow('order:read', 'order:own') }, async (request) => {
    refuseOthers('order:read', request, MAYA)
    return { owner: ownerFor('order:read', request) ?? 'everybody' }
  })
}

describe('a server with a guard', () => {
  test.each([
    ['/public', undefined, 200, { caller: null }],
    ['/public', 'broken', 200, { caller: null }],
    ['/known', undefined, 401, { code: 'unauthorized' }],
    ['/known', 'Bearer x.x.x', 401, { code: 'unauthorized' }],
    ['/known', 'Bearer d.d.d', 200, { scope: `user ${MAYA}` }],
    ['/known', 'bearer d.d.d', 200, { scope: `user ${MAYA}` }],
    ['/known', 'd.d.d', 200, { scope: `user ${MAYA}` }],
    ['/known', 'Bearer c.c.c', 200, { scope: 'client app' }],
    ['/order', 'Bearer d.d.d', 403, { code: 'forbidden' }],
    ['/order', 'Bearer a.a.a', 200, { owner: MAYA }],
    ['/order', 'Bearer b.b.b', 200, { owner: 'everybody' }],
    ['/order', 'Bearer c.c.c', 403, { code: 'forbidden' }],
    ['/nowhere', undefined, 404, { code: 'route-not-found' }],
    ['/openapi.json', undefined, 200, { openapi: '3.1.0' }],
    ['/health/live', undefined, 200, { status: 'OK' }],
  ])('answers %s with %j by %i', async (url, authorization, status, body) => {
    const server = await serverWith(routes, guard)
    const answer = await server.inject({ url, headers: authorization === undefined ? {} : { authorization } })
    expect(answer.statusCode).toBe(status)
    expect(answer.json()).toMatchObject(body)
  })

  test('is not made with a route that declares nobody', async () => {
    const undeclared: Routes = (server) => void server.get('/forgotten', async () => 'x')
    await expect(serverWith(undeclared, guard)).rejects.toThrow('GET /forgotten declares nobody')
    const server = await serverWith(undeclared)
    expect(
      routesOf(server)
        .filter(({ access }) => access === undefined)
        .map(({ url }) => url),
    ).toContain('/forgotten')
  })

  test('says in its document what a call needs', async () => {
    const server = await serverWith(routes, guard)
    const { paths } = (await server.inject('/openapi.json')).json<{
      paths: Record<string, { get: { security: unknown } }>
    }>()
    expect(paths['/order']?.get.security).toEqual([{ bearer: ['order:read'] }, { bearer: ['order:own'] }])
    expect(paths['/known']?.get.security).toEqual([{ bearer: [] }])
    expect(paths['/public']?.get.security).toEqual([])
  })
})

test('a server without a guard asks nobody', async () => {
  const server = await serverWith(routes)
  expect((await server.inject('/order')).json()).toEqual({ owner: 'everybody' })
  expect((await server.inject('/known')).json()).toEqual({ scope: '' })
})
