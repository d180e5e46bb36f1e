// Owns: what only a real socket shows: big bodies, unknown methods, text that is not HTTP, keep-alive while draining.
import { Agent, request } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach, describe, expect, it } from 'vitest'
import { drain, idempotent, memoryIdempotencyStore, systemClock } from '../src/index.ts'
import type { Routes, Server } from '../src/index.ts'
import { listening, manualClock, peopleServer } from './support.ts'
import type { Overrides } from './support.ts'

const agent = new Agent({ keepAlive: true, maxSockets: 1 })
const open: Server[] = []
afterEach(async () => {
  agent.destroy()
  // A client that still sends a body which was refused unread would keep its connection, and the server, open.
  for (const server of open) server.server.closeAllConnections()
  await Promise.all(open.splice(0).map((server) => server.close()))
})

async function given(overrides: Overrides = {}): Promise<{ readonly server: Server; readonly base: string }> {
  const server = await peopleServer(overrides)
  open.push(server)
  return { server, base: await listening(server) }
}

interface Answer {
  readonly status: number | undefined
  readonly connection: string | undefined
  readonly body: string
}

/** One request on the kept-alive connection. */
async function ask(url: string): Promise<Answer> {
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    request(url, { agent }, resolve).on('error', reject).end()
  })
  return { status: answer.statusCode, connection: answer.headers.connection, body: await text(answer) }
}

/** What the server says to raw bytes until it closes. */
async function say(base: string, bytes: string): Promise<string> {
  const socket = connect(Number(new URL(base).port), '127.0.0.1')
  socket.write(bytes)
  return text(socket)
}

function codeOf(document: unknown): unknown {
  return typeof document === 'object' && document !== null && 'code' in document ? document.code : undefined
}

const MEGABYTES = (count: number) => 'x'.repeat(count * 1024 * 1024)

describe('bodies', () => {
  it.each([true, false])('2 MB are refused with 413, length announced: %j', async (isAnnounced) => {
    const { base } = await given()
    const payload = new TextEncoder().encode(JSON.stringify({ first_name: MEGABYTES(2) }))
    const answer = await fetch(`${base}/v1/person`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: isAnnounced ? payload : new Blob([payload]).stream(),
      ...(!isAnnounced && { duplex: 'half' as const }),
    })
    expect(answer.status).toBe(413)
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
    expect(await answer.json()).toMatchObject({ status: 413, code: 'body-too-large' })
  })

  it('a body of the limit passes, one byte more does not', async () => {
    const { base } = await given({ bodyLimitBytes: 100 })
    const send = async (bytes: number) => {
      const body = `{"first_name":"${'x'.repeat(bytes - 17)}"}`
      const headers = { 'content-type': 'application/json' }
      return (await fetch(`${base}/v1/person`, { method: 'POST', headers, body })).status
    }
    expect([await send(100), await send(101)]).toEqual([422, 413])
  })

  it('a big body to an unknown path is still a 404', async () => {
    const { base } = await given()
    const answer = await fetch(`${base}/nope`, { method: 'POST', body: MEGABYTES(2) })
    expect({ status: answer.status, code: codeOf(await answer.json()) }).toEqual({
      status: 404,
      code: 'route-not-found',
    })
  })
})

describe('methods and text', () => {
  it.each(['PATCH', 'PURGE', 'PROPFIND'])('%s gets 405 and Allow', async (method) => {
    const { base } = await given()
    const answer = await fetch(`${base}/v1/person`, { method })
    expect({ status: answer.status, allow: answer.headers.get('allow') }).toEqual({
      status: 405,
      allow: 'POST',
    })
  })

  it.each([
    ['what is not HTTP', 'hello\r\n\r\n', 400, 'http-malformed'],
    ['a made-up method', 'UPDATE /v1/person HTTP/1.1\r\nhost: a\r\n\r\n', 400, 'http-malformed'],
    [
      'too many headers',
      `GET / HTTP/1.1\r\nhost: a\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`,
      431,
      'headers-too-large',
    ],
  ])('%s gets a problem document on the socket', async (_title, bytes, status, code) => {
    const { base } = await given()
    const said = await say(base, bytes)
    const [head = '', body = ''] = said.split('\r\n\r\n')
    expect(head).toContain(`HTTP/1.1 ${status} `)
    expect(head).toContain('Content-Type: application/problem+json')
    expect(JSON.parse(body)).toMatchObject({ status, code, instance: '/' })
  })

  it('an idempotency key given twice is refused', async () => {
    const keyed: Routes = (server) => {
      server.post(
        '/keyed',
        idempotent(memoryIdempotencyStore(manualClock()), async () => ({ done: true })),
      )
    }
    const { base } = await given({ routes: [keyed] })
    const keys = 'idempotency-key: a\r\nidempotency-key: b\r\n'
    const said = await say(
      base,
      `POST /keyed HTTP/1.1\r\nhost: a\r\n${keys}content-length: 0\r\nconnection: close\r\n\r\n`,
    )
    expect(said).toMatch(/^HTTP\/1.1 400 /)
    expect(said).toContain('is given more than once')
  })
})

describe('drain', () => {
  const working = (entered: () => void, release: Promise<void>): Routes => {
    return (server) => {
      server.get('/work', async () => {
        entered()
        await release
        return { done: true }
      })
    }
  }

  it('answers what is at work, refuses what comes, ends kept-alive connections', async () => {
    const entered = Promise.withResolvers<void>()
    const release = Promise.withResolvers<void>()
    const { server, base } = await given({
      clock: systemClock,
      routes: [working(entered.resolve, release.promise)],
    })
    expect(await ask(`${base}/health/ready`)).toMatchObject({ status: 200, connection: 'keep-alive' })
    const atWork = ask(`${base}/work`)
    await entered.promise
    const drained = drain(server)
    await expect(fetch(`${base}/v1/health`)).rejects.toThrow('fetch failed')
    release.resolve()
    expect(await atWork).toEqual({ status: 200, connection: 'close', body: '{"done":true}' })
    expect(await drained).toEqual({ cut: false })
  })

  it('a request that is pipelined behind one at work is refused with 503', async () => {
    const entered = Promise.withResolvers<void>()
    const release = Promise.withResolvers<void>()
    const { server, base } = await given({
      clock: systemClock,
      routes: [working(entered.resolve, release.promise)],
    })
    const socket = connect(Number(new URL(base).port), '127.0.0.1')
    socket.write('GET /work HTTP/1.1\r\nhost: a\r\n\r\n')
    await entered.promise
    const drained = drain(server)
    const refused = await server.inject('/work').catch((error: unknown) => error)
    expect(refused).toMatchObject({ statusCode: 503 })
    expect(refused).toMatchObject({ headers: { 'retry-after': '1', connection: 'close' } })
    release.resolve()
    expect(await text(socket)).toContain('{"done":true}')
    expect(await drained).toEqual({ cut: false })
  })

  it('lets load balancers notice first: readiness says no while requests are served', async () => {
    const clock = manualClock()
    const { server, base } = await given({ clock })
    const drained = drain(server, { lingerMs: 5_000 })
    await clock.slept()
    expect(codeOf(JSON.parse((await ask(`${base}/health/ready`)).body))).toBe('draining')
    expect(await ask(`${base}/v1/health`)).toMatchObject({ status: 200, connection: 'keep-alive' })
    clock.advance(5_000)
    expect(await drained).toEqual({ cut: false })
  })

  it('ends in time by cutting what is left', async () => {
    const clock = manualClock()
    const entered = Promise.withResolvers<void>()
    const { server, base } = await given({
      clock,
      routes: [working(entered.resolve, new Promise(() => undefined))],
    })
    const atWork = ask(`${base}/work`).then(
      () => 'answered',
      (error: unknown) => error,
    )
    await entered.promise
    const drained = drain(server, { withinMs: 1_000 })
    await clock.slept()
    clock.advance(1_000)
    expect(await drained).toEqual({ cut: true })
    expect(await atWork).toMatchObject({ code: 'ECONNRESET' })
  })
})
