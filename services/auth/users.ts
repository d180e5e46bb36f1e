// Owns: asking the user service whose a name and a password are, and whether a user is still there.
// I1: a password goes to the user service and nowhere else; nothing that is made of it is kept here.
// I2: this service shows a token of its own, which it makes for each call and which lives for a minute.
import type { Clock, Ids } from '@ensemble/runtime'
import { retryLater } from '@ensemble/http'
import type { Peers } from '@ensemble/service'
import { TOKEN_ALGORITHM, TOKEN_AUDIENCE, TOKEN_TYPE } from '@ensemble/service/tokens'
import { Session } from '@ensemble/service-contracts'
import { importJWK, SignJWT } from 'jose'
import type * as z from 'zod'
import type { Keys } from './key-store.ts'

export interface Credentials {
  readonly username: string
  readonly password: string
}

export type LoginVerdict =
  | { readonly status: 'right'; readonly session: z.infer<typeof Session> }
  | { readonly status: 'wrong' }
  | { readonly status: 'resting'; readonly retryAfter: string }

export interface Users {
  /** Errors: 503 when nobody can tell now. */
  login(credentials: Credentials): Promise<LoginVerdict>
  isThere(userId: string): Promise<boolean>
}

export interface UsersParts {
  readonly issuer: string
  readonly peers: Peers
  readonly keys: Pick<Keys, 'current'>
  readonly clock: Pick<Clock, 'now'>
  readonly ids: Pick<Ids, 'next'>
}

const NAME = 'auth'
const OWN_SECONDS = 60
const RETRY_SECONDS = 1

export function usersOf({ issuer, peers, keys, clock, ids }: UsersParts): Users {
  const ownToken = async (): Promise<string> => {
    const [key] = await keys.current()
    if (key === undefined) throw notNow('no key')
    const now = Math.floor(clock.now() / 1_000)
    return await new SignJWT({ scope: 'login:check user:read', client_id: NAME })
      .setProtectedHeader({ alg: TOKEN_ALGORITHM, typ: TOKEN_TYPE, kid: key.kid })
      .setIssuer(issuer)
      .setAudience(TOKEN_AUDIENCE)
      .setSubject(NAME)
      .setJti(ids.next())
      .setIssuedAt(now)
      .setExpirationTime(now + OWN_SECONDS)
      .sign(await importJWK(key.jwk, TOKEN_ALGORITHM))
  }
  const ask = async (request: Parameters<Peers['request']>[1]) =>
    await peers.request('user', { ...request, headers: { authorization: `Bearer ${await ownToken()}` } })
  return {
    login: async (body) => {
      const answer = await ask({ method: 'POST', path: '/v1/login/session', body })
      if (answer.status === 200) return { status: 'right', session: Session.parse(answer.body) }
      if (answer.status === 401 && hasCode(answer.body, 'login-failed')) return { status: 'wrong' }
      // What can be nobody's name or password is wrong.
      if (answer.status === 422) return { status: 'wrong' }
      if (answer.status === 429)
        return { status: 'resting', retryAfter: answer.headers['retry-after'] ?? '60' }
      throw notNow(answer.status)
    },
    isThere: async (userId) => {
      const { status } = await ask({ method: 'GET', path: `/v2/user/get/${userId}` })
      if (status === 200 || status === 404) return status === 200
      throw notNow(status)
    },
  }
}

function notNow(why: string | number) {
  const cause = new RangeError(`the user service cannot be asked, or answered ${why}`)
  return retryLater(RETRY_SECONDS, 'Nobody can be logged in now.', { cause })
}

/** A token that the user service does not take is a fault of ours, and no wrong password. */
function hasCode(body: unknown, code: string): boolean {
  return typeof body === 'object' && body !== null && 'code' in body && body.code === code
}
