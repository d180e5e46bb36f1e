// Owns: a proxy between the driver and a real server that spoils statements on the wire: refused by the server with a
// SQLSTATE, cut before it came, or answered and the answer lost. Speaks just enough of PostgreSQL's protocol 3.
// I1: what the server refuses, the server itself refuses, so its transaction is in the state that the driver is told.
// I2: what follows an error comes a little later, as it may on any network: nobody may act before the answer has ended.
// I3: statements are counted as they are sent: one for each Query, or for each Execute.
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
  /** How often the driver has asked for an answer: Sync and Query messages until now. */
  flights(): number
  close(): Promise<void>
}

/** The same database by way of a proxy on this port: a URL may name a Unix socket, which would lead past it. */
export function throughPort(url: string, port: number): string {
  const through = Object.assign(new URL(url), { hostname: '127.0.0.1', port: String(port) })
  through.searchParams.delete('host')
  return through.href
}

export async function wireTo(url: string): Promise<Wire> {
  const target = new URL(url)
  let fault: (name: string) => WireFault | undefined = () => undefined
  let flightCount = 0
  const sockets = new Set<Socket>()
  const proxy = createServer((client) => {
    const server = connect(Number(target.port || '5432'), target.hostname)
    for (const socket of [client, server]) {
      sockets.add(socket)
      // Each piece goes on as it comes: held back for the other side's acknowledgement it would cost 40 ms.
      socket.setNoDelay(true)
      socket.on('error', () => undefined)
      socket.on('close', () => sockets.delete(socket))
    }
    relay(client, server, {
      fault: (name) => fault(name),
      onFlight: () => {
        flightCount += 1
      },
    })
  })
  await once(proxy.listen(0, '127.0.0.1'), 'listening')
  const address = proxy.address()
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0
  return {
    url: throughPort(url, port),
    arm: (next) => {
      fault = next
    },
    flights: () => flightCount,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      proxy.close()
      await once(proxy, 'close')
    },
  }
}

/** What becomes of the answer to one statement. */
type Fate =
  | { readonly pass: true }
  /** Another statement was sent instead: that it was parsed is nobody's business. */
  | { readonly fail: true }
  | { readonly lose: true }
  | { readonly refuse: string }

const PASS: Fate = { pass: true }

/** Statements that go and are answered together: up to a Sync, or one Query. */
interface Flight {
  readonly fates: readonly Fate[]
  at: number
  /** A statement was refused here: what the server says of the ones behind it is not passed on. */
  isSilent: boolean
}

const flightOf = (fates: readonly Fate[]): Flight => ({ fates, at: 0, isSilent: false })

interface Ears {
  readonly fault: (name: string) => WireFault | undefined
  readonly onFlight: () => void
}

function relay(client: Socket, server: Socket, { fault, onFlight }: Ears): void {
  // The first answer is the one to the start of the session.
  const flights: Flight[] = [flightOf([PASS])]
  const lose = (): void => {
    client.destroy()
    server.destroy()
  }
  const pieces = messagesIn({ isTyped: false })
  let statement: Buffer[] = []
  let name = ''
  const fates: Fate[] = []
  client.on('data', (data) => {
    for (const message of pieces(data)) {
      const type = message.typed ? String.fromCharCode(message.bytes[0] ?? 0) : ''
      if (type === 'S' || type === 'Q') onFlight()
      if (type === 'S') flights.push(flightOf(fates.splice(0)))
      if (type === '' || !'QPBDE'.includes(type)) {
        server.write(message.bytes)
        continue
      }
      statement.push(message.bytes)
      name = nameIn(type, message.bytes) ?? name
      if (type !== 'Q' && type !== 'E') continue
      const sent = spoiled(Buffer.concat(statement), {
        isQuery: type === 'Q',
        fault: fault(name.replace(/_[0-9a-f]{8}$/, '')),
      })
      statement = []
      name = ''
      if (sent === 'lose') return lose()
      server.write(sent.bytes)
      if (type === 'Q') flights.push(flightOf([sent.fate]))
      else fates.push(sent.fate)
    }
  })
  const pass = pausing(client)
  const heard = messagesIn({ isTyped: true })
  server.on('data', (data) => {
    for (const { bytes } of heard(data)) {
      const type = String.fromCharCode(bytes[0] ?? 0)
      const [flight = flightOf([PASS])] = flights
      if (type === 'Z') flights.shift()
      const answer = type === 'Z' ? bytes : passedOn(flight, type, bytes)
      if (answer === 'lose') return lose()
      if (answer !== null) pass(answer)
    }
  })
  client.on('close', () => server.destroy())
  server.on('close', () => client.destroy())
}

const PAUSE_MS = 5

/** Writes in order, and pauses after an error. */
function pausing(client: Socket): (bytes: Buffer) => void {
  let held: Buffer[] | null = null
  const go = (): void => {
    const all = held ?? []
    held = null
    for (const bytes of all) pass(bytes)
  }
  const pass = (bytes: Buffer): void => {
    if (held !== null) {
      held.push(bytes)
      return
    }
    client.write(bytes)
    if (bytes[0] !== 'E'.charCodeAt(0)) return
    held = []
    setTimeout(go, PAUSE_MS)
  }
  return pass
}

/** Null: nothing is passed on. */
function passedOn(flight: Flight, type: string, bytes: Buffer): Buffer | 'lose' | null {
  if (flight.isSilent) return null
  const fate = flight.fates[flight.at] ?? PASS
  const isEnd = 'CIE'.includes(type)
  if (isEnd) flight.at += 1
  if ('pass' in fate) return bytes
  if (!isEnd) return null
  if ('fail' in fate) return bytes
  if ('lose' in fate) return 'lose'
  flight.isSilent = true
  return errorOf(fate.refuse)
}

/** A statement's name, or the beginning of its text where it has none. */
function nameIn(type: string, bytes: Buffer): string | null {
  const texts = textsOf(bytes)
  if (type === 'Q') return texts[0] ?? ''
  if (type === 'P' && texts[0] === '') return (texts[1] ?? '').split('(')[0]?.trim() ?? ''
  return type === 'B' && texts[1] !== '' ? (texts[1] ?? '') : null
}

function spoiled(
  bytes: Buffer,
  { isQuery, fault }: { readonly isQuery: boolean; readonly fault: WireFault | undefined },
): { readonly bytes: Buffer; readonly fate: Fate } | 'lose' {
  if (fault === undefined) return { bytes, fate: PASS }
  const instead = isQuery ? queryOf : executionOf
  switch (fault.kind) {
    case 'refuse':
      return { bytes: instead(raising(fault.sqlState)), fate: { fail: true } }
    case 'roll back':
      return { bytes: instead('ROLLBACK'), fate: { refuse: fault.sqlState } }
    case 'do and refuse':
      return { bytes, fate: { refuse: fault.sqlState } }
    case 'do and lose':
      return { bytes, fate: { lose: true } }
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

/** Parse, Bind and Execute, without names and values. */
function executionOf(text: string): Buffer {
  return Buffer.concat([
    messageOf('P', `\0${text}\0\0\0`),
    messageOf('B', '\0\0\0\0\0\0\0\0'),
    messageOf('E', '\0\0\0\0\0'),
  ])
}

function errorOf(sqlState: string): Buffer {
  return messageOf('E', `SERROR\0VERROR\0C${sqlState}\0Minjected\0\0`)
}
