// Owns: what answers when no route does: 404, or 405 with Allow when the path has other methods.
// I1: it is decided before a body is read, so a body can never turn a 404 into something else.
import { problem } from './problem.ts'
import type { Problem } from './problem.ts'
import type { Server } from './ports.ts'

interface Known {
  readonly template: string
  readonly pattern: RegExp
  readonly methods: Set<string>
}

export function answerUnknownRoutes(server: Server): void {
  const known = new Map<string, Known>()
  server.addHook('onRoute', ({ url, method }) => {
    // The CORS plugin answers OPTIONS everywhere; that is no path of ours.
    if (url === '*') return
    const entry = known.get(url) ?? { template: url, pattern: patternOf(url), methods: new Set() }
    known.set(url, entry)
    for (const one of [method].flat()) entry.methods.add(one)
  })
  server.addHook('onRequest', async (request) => {
    if (request.is404) throw unknownRoute([...known.values()], request.method, request.url)
  })
}

function unknownRoute(known: readonly Known[], method: string, url: string): Problem {
  const path = url.split(/[?#]/, 1)[0] ?? '/'
  const methods = known.filter(({ pattern }) => pattern.test(path)).flatMap((entry) => [...entry.methods])
  if (methods.length === 0) return problem(404, 'route-not-found', 'There is nothing at this path.')
  const allow = [...new Set(methods)].sort().join(', ')
  return problem(405, 'method-not-allowed', `${method} is not possible here; use ${allow}.`, {
    headers: { allow },
  })
}

/** The paths of a route template: `:name` stands for one segment, `*` for the rest. */
export function patternOf(template: string): RegExp {
  const segments = template.split('/').map((segment) => {
    if (segment === '*') return '.*'
    return segment.includes(':') ? '[^/]+' : segment.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
  })
  return new RegExp(`^${segments.join('/').replace(/\/$/, '')}/?$`)
}
