// A request line may name a whole URL. The router looks at its path, the gateway passed the URL: a service that is
// another process was then asked for at the caller's host, with the caller's credentials. A path that climbs with dots
// reached what the gateway does not pass.
import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { answer, sceneOf, type Scene } from './support.ts'

let scene: Scene

/** A raw socket: clients clean such targets. */
async function statusOf(target: string): Promise<string> {
  const peer = () => answer(200, {})
  scene = await sceneOf({ peer })
  const url = new URL(await scene.server.listen({ host: '127.0.0.1', port: 0 }))
  const socket = connect(Number(url.port), '127.0.0.1')
  socket.write(`GET ${target} HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\n\r\n`)
  let text = ''
  socket.on('data', (data: Buffer) => (text += data.toString()))
  await once(socket, 'close')
  return text.split(' ')[1] ?? ''
}

afterEach(async () => {
  await scene.server.close()
})

test.each([
  ['http://evil.example/v2/order/list?page=2', 'order: GET /v2/order/list?page=2'],
  ['HTTPS://evil.example:1/v1/logger/users', 'history: GET /v1/logger/users'],
  ['/v1/logger/users?at=../x', 'history: GET /v1/logger/users?at=../x'],
])('%s: the service is asked for the path alone', async (target, asked) => {
  expect([await statusOf(target), scene.asked]).toEqual(['200', [asked]])
})

test.each([
  '/v1/logger/../../health/ready',
  '/v1/logger/%2e%2e/%2E%2e/openapi.json',
  '/v1/saga/x\\..\\..\\..\\openapi.json',
  'http://evil.example/v1/logger/../../docs',
])('%s: climbs out of what is passed: 404, nobody is asked', async (target) => {
  expect([await statusOf(target), scene.asked]).toEqual(['404', []])
})
