// Owns: who a token speaks for: checked here by the auth service's public keys, which are kept for a while.
// Does not own: what routes ask of callers (@ensemble/http), issuing and revoking (services/auth).
// I1: one algorithm, one kind of token, one issuer, one audience: what the token says of itself chooses nothing.
// I2: what is revoked is refused FRESH_MS later at the latest. Who cannot learn what is revoked believes what he knows
// for USABLE_MS, then nobody.
// I3: a key that nobody knows is asked for once in KEYS_REST_MS, whatever comes.
import { retryLater, unauthorized, type Caller, type Guard } from '@ensemble/http'
import type { Clock } from '@ensemble/runtime'
import { createLocalJWKSet, errors, jwtVerify, type JWTPayload } from 'jose'
import * as z from 'zod'
import { CLOCK_SKEW_SECONDS, digestOf, TOKEN_ALGORITHM, TOKEN_AUDIENCE, TOKEN_TYPE } from './tokens.ts'
import type { Peers } from './module.ts'

export interface GuardParts {
  readonly issuer: string
  readonly peers: Peers
  readonly clock: Pick<Clock, 'now'>
}

const KEYS_PATH = '/oauth/jwks'
const REVOKED_PATH = '/oauth/revoked'
const KEYS_FRESH_MS = 300_000
const KEYS_REST_MS = 5_000
export const FRESH_MS = 2_000
export const USABLE_MS = 60_000
const RETRY_SECONDS = 1

const Keys = z.object({ keys: z.array(z.looseObject({ kty: z.string() })) })
const Revoked = z.object({ revoked: z.record(z.string(), z.int()) })

const Claims = z.object({
  sub: z.string(),
  client_id: z.string(),
  jti: z.string(),
  iat: z.int(),
  exp: z.int(),
  scope: z.string().default(''),
  grant: z.string().optional(),
})
type Claims = z.infer<typeof Claims>
type KeySet = ReturnType<typeof createLocalJWKSet>

export function guardOf({ issuer, peers, clock }: GuardParts): Guard {
  const ask = async <T>(path: string, schema: z.ZodType<T>): Promise<T> => {
    const { status, body } = await peers.request('auth', { method: 'GET', path })
    const answer = schema.safeParse(body)
    if (status !== 200 || !answer.success) throw new RangeError(`${path} answered ${status}`)
    return answer.data
  }
  const keys = kept(clock, async () => createLocalJWKSet(await ask(KEYS_PATH, Keys)))
  const revoked = kept(clock, async () => (await ask(REVOKED_PATH, Revoked)).revoked)
  const verified = async (token: string): Promise<Claims> => {
    const check = async (set: KeySet): Promise<JWTPayload> => {
      const { payload } = await jwtVerify(token, set, {
        issuer,
        audience: TOKEN_AUDIENCE,
        algorithms: [TOKEN_ALGORITHM],
        typ: TOKEN_TYPE,
        clockTolerance: CLOCK_SKEW_SECONDS,
        currentDate: new Date(clock.now()),
      })
      return payload
    }
    const known = await keys({ freshMs: KEYS_FRESH_MS, usableMs: Infinity })
    try {
      return Claims.parse(await check(known))
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error
      return Claims.parse(await check(await keys({ freshMs: KEYS_REST_MS, usableMs: Infinity })))
    }
  }
  return async (token) => {
    const claims = await verified(token).catch(refusalOf)
    const since = await revoked({ freshMs: FRESH_MS, usableMs: USABLE_MS }).catch(refusalOf)
    if (namesOf(claims).some((name) => claims.iat <= (since[digestOf(name)] ?? 0))) throw unauthorized()
    return callerOf(claims)
  }
}

/** Whatever is wrong with a token has one answer; what is wrong here is no fault of the caller's. */
function refusalOf(error: unknown): never {
  if (error instanceof errors.JOSEError || error instanceof z.ZodError) throw unauthorized()
  throw retryLater(RETRY_SECONDS, 'Nobody can tell now whose this token is.', { cause: error })
}

function callerOf({ sub, client_id, jti, exp, scope, grant }: Claims): Caller {
  return {
    clientId: client_id,
    userId: grant === undefined ? null : sub,
    permissions: new Set(scope.split(' ').filter((name) => name !== '')),
    token: { id: jti, grantId: grant ?? null, expiresAt: exp },
  }
}

/** All names under which this token may have been revoked. */
function namesOf({ sub, client_id, jti, grant }: Claims): readonly string[] {
  const own = [`token ${jti}`, `client ${client_id}`]
  return grant === undefined ? own : [...own, `login ${grant}`, `user ${sub}`]
}

interface Wanted {
  /** Asked again when older. */
  readonly freshMs: number
  /** Used, when asking fails, until it is that old. */
  readonly usableMs: number
}

/** What `load` gave, for a while; those who want it at the same time share one asking. */
function kept<T>(clock: Pick<Clock, 'now'>, load: () => Promise<T>): (wanted: Wanted) => Promise<T> {
  let last: { readonly value: T; readonly at: number } | undefined
  let loading: Promise<T> | undefined
  const loaded = async (): Promise<T> => {
    const at = clock.now()
    const value = await load()
    last = { value, at }
    return value
  }
  return async ({ freshMs, usableMs }) => {
    if (last !== undefined && clock.now() - last.at <= freshMs) return last.value
    loading ??= loaded().finally(() => {
      loading = undefined
    })
    try {
      return await loading
    } catch (error) {
      if (last !== undefined && clock.now() - last.at <= usableMs) return last.value
      throw error
    }
  }
}
