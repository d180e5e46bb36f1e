// Owns: liveness (this process answers) and readiness (its dependencies do).
// I1: liveness touches no dependency: a database that is away must not get every process restarted.
// I2: readiness answers within CHECK_MS_MAX, whatever a dependency does; all are asked at once.
import { z } from 'zod'
import { PUBLIC } from './access.ts'
import type { Check, Clock, Server } from './ports.ts'
import { stateOf } from './ports.ts'
import { problem } from './problem.ts'
import { problems, rfc3339 } from './schemas.ts'

/** Below the probe time-outs of Kubernetes and Consul as deployed here (5 s). */
export const CHECK_MS_MAX = 2_000

export interface HealthOptions {
  readonly name: string
  readonly version: string
  readonly ready: () => Promise<readonly Check[]>
  /** More members of the liveness answer, for example that authentication is off. */
  readonly healthFields?: () => Readonly<Record<string, string | number | boolean>>
}

interface Checked {
  readonly name: string
  readonly status: 'OK' | 'DOWN'
}

const live = z.looseObject({
  status: z.literal('OK'),
  created_at: rfc3339,
  service: z.string(),
  version: z.string(),
})

const ready = z.object({
  status: z.literal('OK'),
  created_at: rfc3339,
  checks: z.array(z.object({ name: z.string(), status: z.enum(['OK', 'DOWN']) })),
})

export function healthRoutes(
  server: Server,
  { name, version, ready: checksOf, healthFields }: HealthOptions,
): void {
  const { clock } = stateOf(server)
  const createdAt = () => new Date(clock.now()).toISOString()
  for (const url of ['/v1/health', '/health/live']) {
    const schema = { tags: ['health'], summary: 'Whether this process answers', response: { 200: live } }
    server.get(url, { schema, config: PUBLIC }, async () => ({
      ...healthFields?.(),
      status: 'OK' as const,
      created_at: createdAt(),
      service: name,
      version,
    }))
  }
  const readySchema = {
    tags: ['health'],
    summary: 'Whether it can do its work',
    response: { 200: ready, ...problems(503) },
  }
  for (const url of ['/v1/health/ready', '/health/ready']) {
    server.get(url, { schema: readySchema, config: PUBLIC }, async () => {
      if (stateOf(server).phase !== 'open') throw problem(503, 'draining', 'This instance is shutting down.')
      const checks = await checkAll(checksOf, clock)
      const down = checks.filter(({ status }) => status === 'DOWN').map((check) => check.name)
      if (down.length > 0)
        throw problem(503, 'not-ready', `Down: ${down.join(', ')}.`, { members: { checks } })
      return { status: 'OK' as const, created_at: createdAt(), checks }
    })
  }
}

async function checkAll(checksOf: HealthOptions['ready'], clock: Clock): Promise<Checked[]> {
  const listed = await within(clock, checksOf)
  if (listed === undefined) return [{ name: 'checks', status: 'DOWN' }]
  return Promise.all(
    listed.map(async ({ name, probe }) => {
      const isUp = await within(clock, async (signal) => probe(signal).then(() => true))
      return { name, status: isUp === true ? ('OK' as const) : ('DOWN' as const) }
    }),
  )
}

/** What `work` gives within CHECK_MS_MAX; undefined when it fails or takes longer, and then `signal` says so. */
async function within<T>(clock: Clock, work: (signal: AbortSignal) => Promise<T>): Promise<T | undefined> {
  const over = new AbortController()
  const working = (async () => work(over.signal))().catch(() => undefined)
  const outcome = await Promise.race([working, clock.sleep(CHECK_MS_MAX, over.signal).then(() => undefined)])
  over.abort()
  return outcome
}
