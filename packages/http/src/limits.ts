// Owns: how often one address, and one caller, may call.
// I1: an address is counted before anybody is asked who he is, so guessing tokens and paths counts too; a caller is
// counted by what his token says, wherever he calls from.
// I2: who only asks whether this process is well is never counted: a prober that is refused would have it restarted.
// I3: the limits are read at every call, so that they may change while the server runs.
// I4: 5,000 addresses and 5,000 callers are remembered; who was not seen for longest is forgotten first.
import rateLimit from '@fastify/rate-limit'
import type { FastifyRequest } from 'fastify'
import { scopeOf } from './access.ts'
import type { Server } from './ports.ts'
import { tooMany } from './problem.ts'

export interface RateLimits {
  /** Most calls of one address in a window; null: any number. */
  readonly addressMax: number | null
  /** Most calls of one caller in a window; null: any number. */
  readonly callerMax: number | null
  readonly windowMs: number
}

type Which = 'addressMax' | 'callerMax'
type Limit = (request: FastifyRequest) => Promise<void>

export interface Limiters {
  readonly address: Limit
  readonly caller: Limit
}

export async function limitersOf(server: Server, limits: () => RateLimits): Promise<Limiters> {
  await server.register(rateLimit, { global: false })
  const limiter = (which: Which, keyOf?: (request: FastifyRequest) => string): Limit => {
    const count = server.createRateLimit({
      max: () => limits()[which] ?? Infinity,
      timeWindow: () => limits().windowMs,
      ...(keyOf && { keyGenerator: keyOf }),
    })
    return async (request) => {
      if (limits()[which] === null || isProbe(request)) return
      const counted = await count(request)
      if (!counted.isAllowed && counted.isExceeded) throw tooMany(counted.ttlInSeconds)
    }
  }
  const byCaller = limiter('callerMax', scopeOf)
  return {
    address: limiter('addressMax'),
    caller: async (request) => {
      if (scopeOf(request) !== '') await byCaller(request)
    },
  }
}

const PROBES: ReadonlySet<string | undefined> = new Set([
  '/v1/health',
  '/health/live',
  '/v1/health/ready',
  '/health/ready',
])

export function isProbe({ routeOptions }: FastifyRequest): boolean {
  return PROBES.has(routeOptions.url)
}
