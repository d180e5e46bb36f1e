// Owns: a proxy between the driver and a real server that spoils statements on the wire: refused by the server with a
// SQLSTATE, cut before it came, or answered and the answer lost. Speaks just enough of PostgreSQL's protocol 3.
// I1: what the server refuses, the server itself refuses, so its transaction is in the state that the driver is told.
// I2: statements are counted as the driver sends them: one for each Query, or for each Sync.
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { Socket } from 'node:net'

export type WireFault =
  /** The server raises this instead. */
  | { readonly kind: 'refuse'; readonly sqlState: string }
  /** COMMIT only: the server rolls back and answers this. */
  | { readonly kind: 'roll back'; readonly sqlState: string }
  /** The server does it and answers this. */
  | { readonly kind: 'do and refuse'; readonly sqlState: string }
  /** The connection is lost before the server has it. */
  | { readonly kind: 'lose' }
  /** The server does it, and the connection is lost before it answers. */
  | { readonly kind: 'do and lose' }

export interface Wire {
  readonly url: string
  /** Spoils what it answers a fault for; `name` is a prepared statement's, or the text. Asked for every statement. */
  arm(fault: (name: string) => WireFault | undefined): void
  close(): Promise<void>
}

export async function wireTo(url: string): Promise<Wire> {
  const target = new URL(url)
  let fault: (name: string) => WireFault | undefined = () => undefined
  const sockets = new Set<Socket>()
  const proxy = createServer((client) => {
    const server = connect(Number(target.port || '5432'), target.hostname)
    for (const socket of [client, server]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => sockets.delete(socket))
    }
    relay(client, server, (name) => fault(name))
  })
  await once(proxy.listen(0, '127.0.0.1'), 'listening')
  const address = proxy.address()
  const port = typeof address === 'object' ? address?.port : undefined
  return {
    url: Object.assign(new URL(url), { hostname: '127.0.0.1', port: String(port) }).href,
    arm: (next) => {
      fault = next
    },
    close: async () => {
      for (const socket of sockets) socket.destroy()
      proxy.close()
      await once(proxy, 'close')
    },
  }
}

/** What becomes of the answer to one statement. */
type Answer = { readonly pass: true } | { readonly lose: true } | { readonly refuse: string }

function relay(client: Socket, server: Socket, fault: (name: string) => WireFault | undefined): void {
  // The first answer is the one to the start of the session.
  const answers: Answer[] = [{ pass: true }]
  const lose = (): void => {
    client.destroy()
    server.destroy()
  }
  const pieces = messagesIn({ isTyped: false })
  let group: Buffer[] = []
  let name = ''
  client.on('data', (data) => {
    for (const message of pieces(data)) {
      const type = message.typed ? String.fromCharCode(message.bytes[0] ?? 0) : ''
      if (!'QPBDESCH'.includes(type) || type === '') {
        server.write(message.bytes)
        continue
      }
      group.push(message.bytes)
      if (type === 'B') name = textsOf(message.bytes)[1] ?? ''
      if (type === 'Q') name = textsOf(message.bytes)[0] ?? ''
      if (type !== 'Q' && type !== 'S') continue
      const sent = spoiled(Buffer.concat(group), fault(name.replace(/_[0-9a-f]{8}$/, '')))
      group = []
      if (sent === 'lose') return lose()
      answers.push(sent.answer)
      server.write(sent.bytes)
    }
  })
  const heard = messagesIn({ isTyped: true })
  server.on('data', (data) => {
    for (const { bytes } of heard(data)) {
      const [answer] = answers
      const isEnd = bytes[0] === 'Z'.charCodeAt(0)
      if (isEnd) answers.shift()
      if (answer === undefined || 'pass' in answer) client.write(bytes)
      else if (isEnd && 'lose' in answer) lose()
      else if (isEnd && 'refuse' in answer) client.write(Buffer.concat([errorOf(answer.refuse), bytes]))
    }
  })
  client.on('close', () => server.destroy())
  server.on('close', () => client.destroy())
}

function spoiled(
  bytes: Buffer,
  fault: WireFault | undefined,
): { readonly bytes: Buffer; readonly answer: Answer } | 'lose' {
  if (fault === undefined) return { bytes, answer: { pass: true } }
  switch (fault.kind) {
    case 'refuse':
      return { bytes: queryOf(raising(fault.sqlState)), answer: { pass: true } }
    case 'roll back':
      return { bytes: queryOf('ROLLBACK'), answer: { refuse: fault.sqlState } }
    case 'do and refuse':
      return { bytes, answer: { refuse: fault.sqlState } }
    case 'do and lose':
      return { bytes, answer: { lose: true } }
    case 'lose':
      return 'lose'
  }
}

function raising(sqlState: string): string {
  return `do $$ begin raise exception 'injected' using errcode = '${sqlState}'; end $$`
}

interface Piece {
  readonly typed: boolean
  readonly bytes: Buffer
}

/** Cuts a stream into messages; only the first one of a client has no type. */
function messagesIn({ isTyped }: { readonly isTyped: boolean }): (data: Buffer) => readonly Piece[] {
  let rest = Buffer.alloc(0)
  let typed = isTyped
  return (data) => {
    rest = Buffer.concat([rest, data])
    const found: Piece[] = []
    for (;;) {
      const head = typed ? 1 : 0
      if (rest.length < head + 4) return found
      const length = head + rest.readInt32BE(head)
      if (rest.length < length) return found
      found.push({ typed, bytes: rest.subarray(0, length) })
      rest = rest.subarray(length)
      typed = true
    }
  }
}

const HEAD_LENGTH = 5

/** The texts that end with a zero byte, from the front. */
function textsOf(message: Buffer): readonly string[] {
  return message.subarray(HEAD_LENGTH).toString('latin1').split('\0')
}

function messageOf(type: string, body: string): Buffer {
  const bytes = Buffer.from(`${type}0000${body}`)
  bytes.writeInt32BE(bytes.length - 1, 1)
  return bytes
}

function queryOf(text: string): Buffer {
  return messageOf('Q', `${text}\0`)
}

function errorOf(sqlState: string): Buffer {
  return messageOf('E', `SERROR\0VERROR\0C${sqlState}\0Minjected\0\0`)
}
