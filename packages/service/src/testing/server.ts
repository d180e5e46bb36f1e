// Owns: a server with a service's routes, without a socket, and a host that answers what the scene says.
import { plain } from '@ensemble/core'
import { createServer, mount, type Clock, type Routes, type Server } from '@ensemble/http'
import type { Host } from '@ensemble/runtime'

export const NOW = Date.parse('2024-03-01T09:30:00Z')
export const FRESH_ID = '7e6f2f9c-28a1-4c52-9d0c-0a6f4a4d9b10'

export interface Asked {
  readonly request: string
  readonly input: unknown
  readonly operation: string | undefined
}

/** `asked` keeps what was executed; every execution answers `outcome`. */
export function hostAnswering(outcome: unknown, asked: Asked[] = []): Pick<Host, 'execute'> {
  return {
    execute: async (ref, input, options) => {
      asked.push({ request: `${ref.participant}.${ref.request}`, input, operation: options?.operation })
      return plain(outcome) as never
    },
  }
}

/** Time passes only by sleeping. */
export function testClock(): Clock {
  let now = NOW
  return {
    now: () => now,
    sleep: async (ms) => {
      now += ms
    },
  }
}

export const ids = { uuid: () => FRESH_ID, next: () => FRESH_ID }

export async function serverOf(routes: Routes, clock: Clock = testClock()): Promise<Server> {
  const openapi = { title: 'test', description: 'test' }
  const server = await createServer({
    clock,
    ids,
    openapi,
    version: '0',
    name: 'test',
    ready: async () => [],
  })
  mount(server, routes)
  await server.ready()
  return server
}
