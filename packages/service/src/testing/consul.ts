// Owns: a Consul agent's protocol for tests: registrations with checks that really ask, health, KV, blocking queries.
// I1: a query with the index of now blocks until something changes or its wait is over, as an agent's does.
// I2: `restart` forgets registrations and begins its index anew; keys stay.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { systemClock } from '@ensemble/http'

export interface ConsulStub {
  readonly url: string
  /** Method, path and query of each call, in order. */
  readonly calls: readonly string[]
  /** Ids of what is registered, by name of the service. */
  registered(): Readonly<Record<string, readonly string[]>>
  /** Of each instance that was taken back, whether it was still well then. */
  readonly left: readonly boolean[]
  /** Asks every instance whether it is well, as an agent does every few seconds. */
  check(): Promise<void>
  put(key: string, value: string | null): void
  /** As an agent that lost everything but its keys. */
  restart(): void
  /** Answers every call with this status; null as it should. */
  fail(status: number | null): void
  close(): Promise<void>
}

interface Instance {
  readonly ID: string
  readonly Name: string
  readonly Address: string
  readonly Port: number
  readonly Check: { readonly HTTP: string }
  isWell: boolean
}

interface State {
  index: number
  failing: number | null
  readonly instances: Map<string, Instance>
  readonly keys: Map<string, string>
  readonly left: boolean[]
  /** Who waits for a change. */
  readonly waiting: Set<() => void>
}

/** `token`: calls that do not show it are refused. */
export async function consulStub({ token }: { readonly token?: string } = {}): Promise<ConsulStub> {
  const state: State = {
    index: 10,
    failing: null,
    instances: new Map(),
    keys: new Map(),
    left: [],
    waiting: new Set(),
  }
  const calls: string[] = []
  const server = createServer((request, response) => {
    calls.push(`${request.method ?? ''} ${request.url ?? ''}`)
    const isKnown = token === undefined || request.headers['x-consul-token'] === token
    const status = isKnown ? state.failing : 403
    if (status === null) void answer(state, request, response)
    else response.writeHead(status).end()
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    calls,
    left: state.left,
    registered: () => {
      const all = [...state.instances.values()]
      return Object.fromEntries(
        all.map(({ Name }) => [Name, all.filter((one) => one.Name === Name).map(({ ID }) => ID)]),
      )
    },
    check: async () => {
      await Promise.all([...state.instances.values()].map((instance) => ask(instance)))
      changed(state)
    },
    put: (key, value) => {
      if (value === null) state.keys.delete(key)
      else state.keys.set(key, value)
      changed(state)
    },
    restart: () => {
      state.instances.clear()
      state.index = 1
      changed(state)
    },
    fail: (status) => {
      state.failing = status
      if (status !== null) server.closeAllConnections()
    },
    close: async () => {
      server.closeAllConnections()
      await new Promise<void>((resolve) => void server.close(() => resolve()))
    },
  }
}

function changed(state: State): void {
  state.index += 1
  for (const wake of state.waiting) wake()
}

async function ask(instance: Instance): Promise<void> {
  instance.isWell = await fetch(instance.Check.HTTP).then(
    ({ ok }) => ok,
    () => false,
  )
}

async function answer(state: State, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://consul')
  const [, , area = '', kind = '', ...rest] = url.pathname.split('/')
  const name = decodeURIComponent(rest.join('/'))
  if (request.method === 'PUT' && name === 'register') {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const instance = { ...(JSON.parse(Buffer.concat(parts).toString('utf8')) as Instance), isWell: false }
    state.instances.set(instance.ID, instance)
    await ask(instance)
    changed(state)
    response.end()
    return
  }
  if (request.method === 'PUT' && rest[0] === 'deregister') {
    const instance = state.instances.get(decodeURIComponent(rest[1] ?? ''))
    if (instance !== undefined) {
      await ask(instance)
      state.left.push(instance.isWell)
      state.instances.delete(instance.ID)
      changed(state)
    }
    response.writeHead(instance === undefined ? 404 : 200).end()
    return
  }
  if (area === 'agent') {
    response.writeHead(state.instances.has(name) ? 200 : 404).end('{}')
    return
  }
  await untilChanged(state, url.searchParams, request)
  const body =
    area === 'kv'
      ? pairsIn(state, [kind, ...rest].join('/'))
      : nodesOf(state, { name, isPassing: url.searchParams.has('passing') })
  const isNothing = area === 'kv' && body.length === 0
  response.writeHead(isNothing ? 404 : 200, {
    'content-type': 'application/json',
    'x-consul-index': String(state.index),
  })
  response.end(isNothing ? '' : JSON.stringify(body))
}

async function untilChanged(state: State, query: URLSearchParams, request: IncomingMessage): Promise<void> {
  const index = Number(query.get('index') ?? 0)
  if (index === 0 || index !== state.index) return
  const over = new AbortController()
  const wake = (): void => over.abort()
  state.waiting.add(wake)
  request.socket.once('close', wake)
  await systemClock.sleep(Number.parseInt(query.get('wait') ?? '0', 10) * 1_000, over.signal)
  state.waiting.delete(wake)
}

function pairsIn(state: State, prefix: string): readonly object[] {
  const found = [...state.keys].filter(([key]) => key.startsWith(prefix))
  return found.map(([Key, value]) => ({ Key, Value: Buffer.from(value).toString('base64') }))
}

interface Asked {
  readonly name: string
  readonly isPassing: boolean
}

function nodesOf(state: State, { name, isPassing }: Asked): readonly object[] {
  const found = [...state.instances.values()].filter((one) => one.Name === name && (one.isWell || !isPassing))
  return found.map((one) => ({
    Node: { Address: '192.0.2.1' },
    Service: { Address: one.Address, Port: one.Port },
  }))
}
