// Owns: what a route asks of its callers, keeping who called, and refusing.
// Not here: how a token is checked (the guard, a port).
// I1: with a guard a route that declares nothing is refused when it is made; without one nobody is asked anything.
// I2: whatever is wrong with a token has one answer, 401, that says nothing about why; what is missing is 403.
// I3: it is decided before a body is read. Who calls is known by the token alone, never by another header.
import type { FastifyRequest } from 'fastify'
import type { Server } from './ports.ts'
import { problem, type Problem } from './problem.ts'

/** Everybody, whoever shows a token that is good, or who has any one of the permissions. */
export type Access = 'public' | 'known' | readonly [string, ...string[]]

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access
  }
}

export interface Caller {
  /** The program that calls, for itself or for a user. */
  readonly clientId: string
  /** Whom it calls for; null when for itself. */
  readonly userId: string | null
  /** What both together may do. */
  readonly permissions: ReadonlySet<string>
  /** What the token itself is called, and the login it came from. */
  readonly token: { readonly id: string; readonly grantId: string | null; readonly expiresAt: number }
}

/** Who a bearer token speaks for. Rejects with `unauthorized()`, or with 503 when nobody can tell now. */
export type Guard = (token: string) => Promise<Caller>

/** The `config` of a route for everybody. */
export const PUBLIC: { readonly access: Access } = Object.freeze({ access: 'public' })

/** The `config` of a route for whoever shows a token that is good. */
export const KNOWN: { readonly access: Access } = Object.freeze({ access: 'known' })

/** The `config` of a route for who has any one of these permissions. */
export function allow(...permissions: readonly [string, ...string[]]): { readonly access: Access } {
  return { access: permissions }
}

export interface DeclaredRoute {
  readonly method: string
  readonly url: string
  readonly access: Access | undefined
}

const ROUTES = 'ensembleRoutes'
/** The CORS plugin's; it answers before anybody is asked. */
const PREFLIGHTS = '*'
/** Matches no row: what a program without a user owns. */
const NOBODY = '00000000-0000-0000-0000-000000000000'
const CREDENTIALS = /^(?:bearer +)?([\w-]+\.[\w-]+\.[\w-]+)$/i

const callers = new WeakMap<object, Caller>()

export function guardRoutes(server: Server, guard: Guard | undefined): void {
  const routes: DeclaredRoute[] = []
  server.decorate(ROUTES, { getter: () => routes })
  server.addHook('onRoute', ({ method, url, config }) => {
    if (url === PREFLIGHTS) return
    const access = config?.access
    for (const one of [method].flat()) routes.push({ method: one, url, access })
    if (guard !== undefined && access === undefined)
      throw new TypeError(`${[method].flat().join()} ${url} declares nobody who may call it`)
  })
  if (guard === undefined) return
  server.addHook('onRequest', async (request) => {
    const { access } = request.routeOptions.config
    if (access === 'public') return
    const caller = await guard(tokenOf(request))
    const wanted = access === undefined || access === 'known' ? [] : access
    const isFit = access === 'known' || wanted.some((name) => caller.permissions.has(name))
    if (!isFit) throw forbidden(wanted)
    callers.set(request.raw, caller)
  })
}

/** Every route of the server and what it declares. */
export function routesOf(server: Pick<Server, 'getDecorator'>): readonly DeclaredRoute[] {
  return server.getDecorator<readonly DeclaredRoute[]>(ROUTES)
}

export type Called = Pick<FastifyRequest, 'raw'>

/** Who called; undefined where nobody is asked. */
export function callerOf({ raw }: Called): Caller | undefined {
  return callers.get(raw)
}

/** Tells callers' idempotency keys apart; empty where nobody is asked. */
export function scopeOf(request: Called): string {
  const caller = callerOf(request)
  if (caller === undefined) return ''
  return caller.userId === null ? `client ${caller.clientId}` : `user ${caller.userId}`
}

/** The user whose rows alone the caller may touch, for want of `permission`; undefined: everybody's. */
export function ownerFor(permission: string, request: Called): string | undefined {
  const caller = callerOf(request)
  if (caller === undefined || caller.permissions.has(permission)) return undefined
  return caller.userId ?? NOBODY
}

/** Errors: 403 when the caller may touch only what is his, and this is `userId`'s. */
export function refuseOthers(permission: string, request: Called, userId: string): void {
  const owner = ownerFor(permission, request)
  if (owner !== undefined && owner !== userId) throw forbidden([permission])
}

export function unauthorized(): Problem {
  return problem(401, 'unauthorized', 'Send a valid access token: Authorization: Bearer <token>.', {
    headers: { 'www-authenticate': 'Bearer' },
  })
}

export function forbidden(permissions: readonly string[]): Problem {
  return problem(403, 'forbidden', 'Your token does not allow this.', {
    headers: { 'www-authenticate': `Bearer error="insufficient_scope", scope="${permissions.join(' ')}"` },
  })
}

/** A proxy in front and the server here may read different ones of two headers, so two are none. */
function tokenOf({ raw: { headers, rawHeaders } }: Called): string {
  const count = rawHeaders.filter((name, at) => at % 2 === 0 && name.toLowerCase() === 'authorization').length
  const token = count > 1 ? undefined : CREDENTIALS.exec(headers.authorization ?? '')?.[1]
  if (token === undefined) throw unauthorized()
  return token
}
