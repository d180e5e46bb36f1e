// Owns: the routes of the public origin, put together.
import { PUBLIC, type Routes } from '@ensemble/http'
import * as z from 'zod'
import { asyncApiDocument } from './asyncapi.ts'
import { cancelRoutes, payRoutes } from './changes.ts'
import { eventRoutes } from './events.ts'
import type { Gateway } from './gateway.ts'
import { passingRoutes } from './passing.ts'
import { readRoutes } from './reads.ts'
import { startRoutes } from './starts.ts'
import manifest from './package.json' with { type: 'json' }

const Home = z.object({ name: z.string(), links: z.record(z.string(), z.string()) })

const LINKS = {
  'API page': '/docs',
  'OpenAPI document': '/openapi.json',
  'AsyncAPI document': '/asyncapi.json',
  alive: '/v1/health',
  ready: '/v1/health/ready',
  orders: '/v2/order/list',
  payments: '/v2/payment/list',
  'messages that were sent': '/notification/outbox',
}

export function gatewayRoutes(gateway: Gateway): Routes {
  const asyncApi = asyncApiDocument(manifest.version)
  return (server) => {
    server.get(
      '/',
      { schema: { tags: ['health'], summary: 'Where to go', response: { 200: Home } }, config: PUBLIC },
      async () => ({
        name: 'Ensemble',
        links: LINKS,
      }),
    )
    server.get('/asyncapi.json', { schema: { hide: true }, config: PUBLIC }, async () => asyncApi)
    startRoutes(server, gateway)
    readRoutes(server, gateway)
    payRoutes(server, gateway)
    cancelRoutes(server, gateway)
    eventRoutes(server, gateway)
    passingRoutes(server, gateway)
  }
}
