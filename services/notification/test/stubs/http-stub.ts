// Owns: a provider's HTTP API on this machine: it answers as it is told to, and remembers what it was asked.
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'

export interface Asked {
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly text: string
}

export type Answering = (response: ServerResponse, asked: Asked) => void

export interface HttpStub {
  readonly url: string
  readonly asked: readonly Asked[]
  /** How it answers from now on. */
  answer(answering: Answering): void
  close(): Promise<void>
}

export function json(
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Answering {
  return (response) =>
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
}

export const HTML: Answering = (response) =>
  response.writeHead(200, { 'content-type': 'text/html' }).end('<html>welcome to this proxy</html>')

/** Hears, and says nothing. */
export const SILENCE: Answering = () => undefined

export async function httpStub(): Promise<HttpStub> {
  const asked: Asked[] = []
  let answering: Answering = SILENCE
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const one: Asked = {
        path: request.url ?? '',
        headers: request.headers,
        text: Buffer.concat(parts).toString('utf8'),
      }
      asked.push(one)
      answering(response, one)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    answer: (next) => {
      answering = next
    },
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
