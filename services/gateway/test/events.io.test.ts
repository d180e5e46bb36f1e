// Streams on real sockets: how many there are, and how they end.
import { createServer, drain, mount, systemClock, type Server } from '@ensemble/http'
import { afterEach, expect, test } from 'vitest'
import { ids } from '@ensemble/service/testing'
import { answer, gatewayOf, ORDER_ID } from './support.ts'
import { gatewayRoutes } from '../http.ts'

const servers: Server[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
})

async function listening(): Promise<{ readonly server: Server; readonly url: string }> {
  const running = { status: 'running', standing: 'running', waits_for: null, complete: true, entries: [] }
  const { gateway } = gatewayOf({ peer: () => answer(200, running), eventStreamsMax: 2 }, systemClock)
  const server = await createServer({
    clock: systemClock,
    ids,
    openapi: { title: 'test', description: 'test' },
    version: '0',
    name: 'test',
    ready: async () => [],
  })
  servers.push(server)
  mount(server, gatewayRoutes(gateway))
  const url = await server.listen({ host: '127.0.0.1', port: 0 })
  return { server, url: `${url}/v1/saga/order.place/${ORDER_ID}/events` }
}

test('a stream above the bound is refused until another reader has gone', async () => {
  const { url } = await listening()
  const leaving = new AbortController()
  const staying = new AbortController()
  const first = await fetch(url, { signal: leaving.signal })
  const second = await fetch(url, { signal: staying.signal })
  const third = await fetch(url)
  expect([first.status, second.status, third.status]).toEqual([200, 200, 503])
  expect(third.headers.get('retry-after')).toBe('5')
  await third.text()
  leaving.abort()
  await expect
    .poll(async () => (await fetch(url, { signal: staying.signal })).status, { timeout: 5_000 })
    .toBe(200)
  staying.abort()
})

test('a server that ends ends its streams and cuts nobody', async () => {
  const { server, url } = await listening()
  const text = (await fetch(url)).text()
  expect(await drain(server, { withinMs: 5_000 })).toEqual({ cut: false })
  expect(await text).toContain('event: standing')
})
