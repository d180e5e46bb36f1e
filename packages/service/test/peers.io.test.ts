// Calls to a service that has several instances, some of which are away.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { systemClock } from '@ensemble/runtime'
import { afterEach, expect, test } from 'vitest'
import { Instances } from '../src/instances.ts'
import { peersOf } from '../src/peers.ts'

const stack: (() => void)[] = []
afterEach(() => {
  for (const close of stack.splice(0)) close()
})

interface Peer {
  readonly url: string
  readonly heard: string[]
}

type Answer = (response: ServerResponse, request: IncomingMessage) => void

const answers: Answer = (response) => {
  response.setHeader('content-type', 'application/json').end('{"said":"yes"}')
}
/** As a process does that is killed while it works. */
const breaksOff: Answer = (_response, request) => request.socket.destroy()

async function peer(answer: Answer): Promise<Peer> {
  const heard: string[] = []
  const server = createServer((request, response) => {
    heard.push(`${String(request.method)} ${String(request.url)}`)
    answer(response, request)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  stack.push(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return { url: `http://127.0.0.1:${address.port}`, heard }
}

/** The address of a process that has ended. */
async function nobody(): Promise<string> {
  const { url } = await peer(answers)
  stack.pop()?.()
  return url
}

function peersAt(...urls: readonly string[]) {
  return peersOf({
    local: () => undefined,
    remotes: new Map([['order', new Instances(urls, systemClock)]]),
    timeoutMs: () => 300,
  })
}

test('a write goes to the next instance when the first cannot be reached', async () => {
  const here = await peer(answers)
  const answer = await peersAt(await nobody(), here.url).request('order', {
    method: 'PUT',
    path: '/x',
    body: {},
  })
  expect(answer).toMatchObject({ status: 200, body: { said: 'yes' } })
  expect(here.heard).toEqual(['PUT /x'])
})

test('a read goes to the next instance whatever became of the first', async () => {
  const dying = await peer(breaksOff)
  const here = await peer(answers)
  const answer = await peersAt(dying.url, here.url).request('order', { method: 'GET', path: '/x' })
  expect(answer).toMatchObject({ status: 200 })
  expect([dying.heard, here.heard]).toEqual([['GET /x'], ['GET /x']])
})

test('a write that an instance has heard goes to no other: the caller is told to come again', async () => {
  const dying = await peer(breaksOff)
  const here = await peer(answers)
  const asked = peersAt(dying.url, here.url).request('order', { method: 'PUT', path: '/x', body: {} })
  await expect(asked).rejects.toMatchObject({ status: 503, headers: { 'retry-after': '1' } })
  expect([dying.heard, here.heard]).toEqual([['PUT /x'], []])
})

test('a body with a type of its own goes as the text it is', async () => {
  const bodies: unknown[] = []
  const here = await peer((response, request) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      bodies.push(Buffer.concat(parts).toString('utf8'), request.headers['content-type'])
      answers(response, request)
    })
  })
  const type = 'application/json; charset=utf-8'
  const body = '{ "signed" : "as it is" }'
  await peersAt(here.url).request('order', { method: 'POST', path: '/x', body, type })
  expect(bodies).toEqual([body, type])
})

test('no instance can be reached: 503', async () => {
  const asked = peersAt(await nobody(), await nobody()).request('order', { method: 'GET', path: '/x' })
  await expect(asked).rejects.toMatchObject({ status: 503 })
})

/** As an instance does that drains. */
const refuses: Answer = (response) => {
  response.writeHead(503, { 'content-type': 'application/json' }).end('{"code":"retry-later"}')
}

test('a read that an instance cannot take now goes to the next; a write does not', async () => {
  const draining = await peer(refuses)
  const here = await peer(answers)
  const peers = peersAt(draining.url, here.url)
  expect(await peers.request('order', { method: 'GET', path: '/x' })).toMatchObject({ status: 200 })
  const writing = peersAt(draining.url, here.url)
  expect(await writing.request('order', { method: 'PUT', path: '/x', body: {} })).toMatchObject({
    status: 503,
  })
  expect([draining.heard, here.heard]).toEqual([['GET /x', 'PUT /x'], ['GET /x']])
})

test('a refusal is the answer when no instance has a better one', async () => {
  const draining = await peer(refuses)
  const answer = await peersAt(draining.url, await nobody()).request('order', { method: 'GET', path: '/x' })
  expect(answer).toMatchObject({ status: 503, body: { code: 'retry-later' } })
})

test('a read that broke off is tried once more at an only instance; a write is not', async () => {
  const flaky = await peer((response, request) =>
    flaky.heard.length === 2 ? answers(response, request) : breaksOff(response, request),
  )
  expect(await peersAt(flaky.url).request('order', { method: 'GET', path: '/x' })).toMatchObject({
    status: 200,
  })
  const dying = await peer(breaksOff)
  await expect(peersAt(dying.url).request('order', { method: 'DELETE', path: '/x' })).rejects.toMatchObject({
    status: 503,
  })
  expect([flaky.heard, dying.heard]).toEqual([['GET /x', 'GET /x'], ['DELETE /x']])
})

test('a service that does not answer in time is given up, and not asked again for as long', async () => {
  const silent = await peer(() => undefined)
  const asked = peersAt(silent.url).request('order', { method: 'GET', path: '/x' })
  await expect(asked).rejects.toMatchObject({ status: 503, headers: { 'retry-after': '1' } })
  expect(silent.heard).toEqual(['GET /x'])
})
