// Owns: what the tests of this package share: a clock that is moved by hand, counted ids, a server with a few routes.
import { z } from 'zod'
import {
  createServer,
  id64,
  listEnvelope,
  listSchema,
  mount,
  pagination,
  problems,
  uuidParam,
} from '../src/index.ts'
import type { Clock, Ids, Routes, Server, ServerOptions } from '../src/index.ts'

export const START = Date.parse('2026-11-23T10:00:00.000Z')

export interface ManualClock extends Clock {
  advance(ms: number): void
  /** Resolves when somebody sleeps. */
  slept(): Promise<void>
}

export function manualClock(): ManualClock {
  let now = START
  let sleepers: { readonly until: number; readonly wake: () => void }[] = []
  const watchers: (() => void)[] = []
  return {
    now: () => now,
    sleep: (ms, signal) =>
      new Promise((wake) => {
        const sleeper = { until: now + ms, wake }
        sleepers.push(sleeper)
        signal?.addEventListener('abort', () => {
          sleepers = sleepers.filter((other) => other !== sleeper)
          wake()
        })
        for (const watcher of watchers.splice(0)) watcher()
      }),
    advance(ms) {
      now += ms
      const due = sleepers.filter(({ until }) => until <= now)
      sleepers = sleepers.filter(({ until }) => until > now)
      for (const { wake } of due) wake()
    },
    slept: () => (sleepers.length > 0 ? Promise.resolve() : new Promise((resolve) => watchers.push(resolve))),
  }
}

function countedIds(): Ids {
  let count = 0
  return { uuid: () => `00000000-0000-4000-8000-${String((count += 1)).padStart(12, '0')}` }
}

export const person = z.strictObject({
  first_name: z.string().min(1).max(10),
  email: z.email(),
  age: z.number().int().optional(),
  tags: z.array(z.string()).max(2).optional(),
  kind: z.enum(['user', 'admin']).optional(),
  id_type: id64.optional(),
})

export const peopleRoutes: Routes = (server) => {
  server.post(
    '/v1/person',
    { schema: { tags: ['person'], body: person, response: { 200: person, ...problems(422) } } },
    async ({ body }) => body,
  )
  server.get(
    '/v1/person/:uuid',
    { schema: { params: uuidParam, response: { 200: uuidParam } } },
    async ({ params }) => params,
  )
  const list = { querystring: pagination, response: { 200: listSchema(z.string()) } }
  server.get('/v1/person/list', { schema: list }, async ({ query }) =>
    listEnvelope(query, { total: 7, results: ['maya'] }),
  )
  server.put(
    '/v1/person/:uuid',
    { schema: { params: uuidParam, body: z.looseObject({}) } },
    async ({ body }) => body,
  )
  server.delete('/v1/person/:uuid', { schema: { params: uuidParam } }, async () => ({ gone: true }))
  server.get(
    '/v1/traced',
    { schema: { headers: z.object({ 'x-tenant': z.string().regex(/^[a-z]+$/) }) } },
    async ({ headers }) => ({ tenant: headers['x-tenant'] }),
  )
}

export type Overrides = Partial<ServerOptions> & { readonly routes?: readonly Routes[] }

export async function peopleServer({
  routes = [peopleRoutes],
  ...overrides
}: Overrides = {}): Promise<Server> {
  const server = await createServer({
    name: 'people',
    version: '1.2.3',
    clock: manualClock(),
    ids: countedIds(),
    ready: async () => [],
    openapi: { title: 'People & co', description: 'A test.' },
    ...overrides,
  })
  for (const one of routes) mount(server, one)
  return server
}

/** The base URL of the server, listening on a free port of the loopback. */
export async function listening(server: Server): Promise<string> {
  return server.listen({ host: '127.0.0.1', port: 0 })
}
