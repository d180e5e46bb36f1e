// Owns: what is asked of a Consul agent over HTTP, and how its answers are read.
// Not here: asking again (watch.ts), what the answers are for (registration.ts, discovery.ts, settings.ts).
// Source: HTTP API of Consul 1.x, /v1/agent/service, /v1/health/service, /v1/kv.
// I1: no call waits for ever: one that blocks waits as long as it asked the agent to, and a margin for its answer.
// I2: the token travels in a header only, and shows in no error.
import * as z from 'zod'

export interface ConsulAgent {
  readonly url: string
  /** Of its access lists. */
  readonly token: string | undefined
}

/** A read that answers when what it reads has another index than this, or when the wait is over; 0: at once. */
export interface Blocking {
  readonly index: number
  readonly signal: AbortSignal
}

export interface Indexed<Value> {
  readonly index: number
  readonly value: Value
}

export interface Registration {
  readonly id: string
  readonly name: string
  readonly address: string
  readonly port: number
  /** Where the agent asks whether the instance can do its work. */
  readonly healthUrl: string
  readonly version: string
}

export interface Consul {
  register(registration: Registration): Promise<void>
  isRegistered(id: string): Promise<boolean>
  deregister(id: string): Promise<void>
  /** URLs of the instances of a service that are well. */
  instances(service: string, blocking: Blocking): Promise<Indexed<readonly string[]>>
  /** Everything below a prefix, by what follows the prefix. */
  values(prefix: string, blocking: Blocking): Promise<Indexed<ReadonlyMap<string, string>>>
}

export class ConsulError extends Error {
  override readonly name = 'ConsulError'
  readonly code: 'CONSUL_AWAY' | 'CONSUL_REFUSED' | 'CONSUL_UNREADABLE'

  constructor(code: ConsulError['code'], message: string, cause?: unknown) {
    super(message, { cause })
    this.code = code
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

const CALL_MS_MAX = 5_000
const WAIT_MS = 55_000
/** The agent waits up to a sixteenth longer, so that not everybody asks again at once. */
const WAIT_JITTER = 1 / 16
const READ_MARGIN_MS = 10_000

const CHECK_INTERVAL = '5s'
/** Longer than what readiness may take. */
const CHECK_TIMEOUT = '4s'
/** Of an instance that was killed; the agent takes no less than a minute. */
const FORGOTTEN_AFTER = '1m'

const Nodes = z.array(
  z.object({
    Node: z.object({ Address: z.string() }),
    Service: z.object({ Address: z.string(), Port: z.int() }),
  }),
)
const Pairs = z.array(z.object({ Key: z.string(), Value: z.base64().nullable() }))

interface Asked {
  readonly method?: 'GET' | 'PUT'
  readonly body?: unknown
  readonly query?: Readonly<Record<string, string>>
  readonly blocking?: Blocking
  /** Statuses that are answers, beside 200. */
  readonly known?: readonly number[]
}

export function consulAt({ url, token }: ConsulAgent): Consul {
  const ask = async (path: string, asked: Asked = {}): Promise<Response> => {
    const { method = 'GET', body, known = [] } = asked
    const answer = await fetch(urlOf(url, path, asked), {
      method,
      headers: {
        ...(token !== undefined && { 'x-consul-token': token }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      redirect: 'error',
      signal: signalOf(asked.blocking),
      ...(body !== undefined && { body: JSON.stringify(body) }),
    }).catch((error: unknown) => {
      throw new ConsulError('CONSUL_AWAY', `Consul at ${url} does not answer`, error)
    })
    if (answer.status === 200 || known.includes(answer.status)) return answer
    await answer.body?.cancel()
    throw new ConsulError('CONSUL_REFUSED', `Consul answered ${answer.status} to ${method} ${path}`)
  }
  return {
    register: async (registration) => {
      const body = wireOf(registration)
      await drained(await ask('/v1/agent/service/register', { method: 'PUT', body }))
    },
    isRegistered: async (id) => {
      const answer = await drained(await ask(`/v1/agent/service/${encodeURIComponent(id)}`, { known: [404] }))
      return answer.status === 200
    },
    deregister: async (id) => {
      const path = `/v1/agent/service/deregister/${encodeURIComponent(id)}`
      await drained(await ask(path, { method: 'PUT', known: [404] }))
    },
    instances: async (service, blocking) => {
      const query = { passing: 'true' }
      const answer = await ask(`/v1/health/service/${encodeURIComponent(service)}`, { query, blocking })
      const nodes = await read(answer, Nodes)
      const urls = nodes.map(({ Node, Service }) => {
        const host = Service.Address === '' ? Node.Address : Service.Address
        return `http://${host.includes(':') ? `[${host}]` : host}:${Service.Port}`
      })
      return { index: indexOf(answer), value: urls.toSorted() }
    },
    values: async (prefix, blocking) => {
      const query = { recurse: 'true' }
      const answer = await ask(`/v1/kv/${prefix}`, { query, blocking, known: [404] })
      // Nothing there is an answer as good as any, and it blocks too.
      const pairs = answer.status === 404 ? [] : await read(answer, Pairs)
      await drained(answer)
      const values = pairs.map(({ Key, Value }) => [Key.slice(prefix.length), textOf(Value)] as const)
      return { index: indexOf(answer), value: new Map(values) }
    },
  }
}

function urlOf(base: string, path: string, { query, blocking }: Asked): URL {
  const url = new URL(path, base)
  const wait = blocking && { index: String(blocking.index), wait: `${WAIT_MS / 1_000}s` }
  for (const [name, value] of Object.entries({ ...query, ...wait })) url.searchParams.set(name, value)
  return url
}

function signalOf(blocking: Blocking | undefined): AbortSignal {
  if (blocking === undefined) return AbortSignal.timeout(CALL_MS_MAX)
  const waitMs = blocking.index === 0 ? CALL_MS_MAX : Math.ceil(WAIT_MS * (1 + WAIT_JITTER)) + READ_MARGIN_MS
  return AbortSignal.any([blocking.signal, AbortSignal.timeout(waitMs)])
}

function wireOf({ id, name, address, port, healthUrl, version }: Registration): unknown {
  return {
    ID: id,
    Name: name,
    Address: address,
    Port: port,
    Meta: { version },
    Check: {
      Name: 'ready',
      HTTP: healthUrl,
      Interval: CHECK_INTERVAL,
      Timeout: CHECK_TIMEOUT,
      DeregisterCriticalServiceAfter: FORGOTTEN_AFTER,
    },
  }
}

async function read<Value>(answer: Response, schema: z.ZodType<Value>): Promise<Value> {
  try {
    return schema.parse(await answer.json())
  } catch (error) {
    throw new ConsulError(
      'CONSUL_UNREADABLE',
      `Consul's answer from ${new URL(answer.url).pathname} is not usable`,
      error,
    )
  }
}

/** A connection goes back once its answer was read. */
async function drained(answer: Response): Promise<Response> {
  if (!answer.bodyUsed) await answer.body?.cancel()
  return answer
}

function indexOf(answer: Response): number {
  const index = Number(answer.headers.get('x-consul-index'))
  if (Number.isSafeInteger(index) && index >= 0) return index
  throw new ConsulError('CONSUL_UNREADABLE', 'Consul answered without an index')
}

function textOf(value: string | null): string {
  return value === null ? '' : Buffer.from(value, 'base64').toString('utf8')
}
