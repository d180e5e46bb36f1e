// Owns: codes, refresh tokens, logins, browsers' sessions and revocations in SQL, and the adapter that oidc-provider
// asks for them.
// I1: a token, a code or a cookie is kept by its SHA-256 and its text nowhere, so nobody can use what he reads here.
// I2: a login that ends is on the list of what is revoked before its tokens are gone.
// I3: a refresh token is used once: of two at the same time one is refused.
import { createHash } from 'node:crypto'
import { sqlFolder } from '@ensemble/postgres'
import type { Clock, Queryable, Transaction } from '@ensemble/runtime'
import { digestOf } from '@ensemble/service/tokens'
import { momentOf } from '@ensemble/service-contracts'
import { errors, type Adapter, type AdapterPayload } from 'oidc-provider'
import * as z from 'zod'

const sql = sqlFolder(new URL('./sql/', import.meta.url))
const UPSERT = sql('token-upsert')
const FIND = sql('token-find')
const FIND_BY = sql('token-find-by')
const CONSUME = sql('token-consume')
const DESTROY = sql('token-destroy')
const REVOKE = sql('tokens-revoke')
const PRUNE = sql('tokens-prune')
const REVOKED_INSERT = sql('revocation-insert')
const REVOKED_LIST = sql('revocation-list')
const REVOKED_PRUNE = sql('revocation-prune')

/** Seconds that an access token lives: as long as a role that was taken away still works. */
export const ACCESS_SECONDS = 600
export const REFRESH_SECONDS = 14 * 86_400
/** Who revokes more in ten minutes should rotate the keys. */
const REVOKED_COUNT_MAX = 50_000
/** As often as the statements' own bound, so that the tables cannot grow without end. */
const PRUNE_EVERY_COUNT = 500

const Payload: z.ZodType<AdapterPayload> = z.record(z.string(), z.unknown())

export interface TokenStore {
  adapter(kind: string): Adapter
  /** Refuses access tokens of that name (`token`, `login`, `client` or `user`, and its id) that there are by now. */
  revoke(name: string, tx?: Pick<Transaction, 'query'>): Promise<void>
  /** Ends a login: its refresh tokens, and its access tokens. */
  endLogin(grantId: string): Promise<void>
  /** Seconds since the epoch by the digest of the name. */
  revoked(): Promise<Readonly<Record<string, number>>>
}

export interface TokenParts {
  readonly database: Queryable
  readonly clock: Pick<Clock, 'now'>
  /** Clients are no tokens: they have a table of their own. */
  readonly client: (key: string) => Promise<AdapterPayload | undefined>
}

export function tokenStore({ database, clock, client }: TokenParts): TokenStore {
  let written = 0
  const revoke: TokenStore['revoke'] = async (name, tx = database) => {
    const now = clock.now()
    const until = now + 2 * ACCESS_SECONDS * 1_000
    await tx.query(REVOKED_INSERT, [digestOf(name), momentOf(now), momentOf(until)])
  }
  const endLogin = async (grantId: string): Promise<void> => {
    await revoke(`login ${grantId}`)
    await database.query(REVOKE, [grantId])
    await database.query(DESTROY, ['Grant', keptAs(grantId)])
  }
  const prune = async (): Promise<void> => {
    written += 1
    if (written % PRUNE_EVERY_COUNT !== 0) return
    const now = momentOf(clock.now())
    await database.query(PRUNE, [now])
    await database.query(REVOKED_PRUNE, [now])
  }
  const adapter = (kind: string): Adapter => ({
    upsert: async (id, payload, expiresIn = REFRESH_SECONDS) => {
      const { jti: _, ...rest } = kind === 'Interaction' ? withoutIds(payload, id) : payload
      const expires = momentOf(clock.now() + expiresIn * 1_000)
      const belongsTo = (kind === 'Session' ? rest.uid : rest.grantId) ?? null
      await database.query(UPSERT, [kind, keptAs(id), belongsTo, JSON.stringify(rest), expires])
      await prune()
    },
    find: async (id) => {
      if (kind === 'Client') return await client(id)
      const values = [kind, keptAs(id), momentOf(clock.now())]
      const [row] = (await database.query(FIND, values)).rows
      if (row === undefined) return undefined
      const consumed = row['consumed_at'] === null ? {} : { consumed: true }
      const payload = Payload.parse(row['payload'])
      const found = kind === 'Interaction' ? withIds(payload, id) : payload
      return { ...found, ...consumed, jti: id }
    },
    consume: async (id) => {
      const { count } = await database.query(CONSUME, [kind, keptAs(id), momentOf(clock.now())])
      if (count === 0) throw new errors.InvalidGrant('used by another at the same time')
    },
    destroy: async (id) => {
      if (kind === 'Grant') await endLogin(id)
      else await database.query(DESTROY, [kind, keptAs(id)])
    },
    revokeByGrantId: endLogin,
    findByUid: async (uid) => {
      const [row] = (await database.query(FIND_BY, [kind, uid, momentOf(clock.now())])).rows
      return row && Payload.parse(row['payload'])
    },
    // Devices are not part of this system.
    findByUserCode: async () => undefined,
  })
  return {
    adapter,
    revoke,
    endLogin,
    revoked: async () => {
      const { rows } = await database.query(REVOKED_LIST, [momentOf(clock.now()), REVOKED_COUNT_MAX])
      const seconds = (at: unknown): number => Math.floor(Number(at) / 1_000)
      return Object.fromEntries(rows.map((row) => [String(row['name_digest']), seconds(row['revoked_at'])]))
    },
  }
}

/** The way back from the page ends in the page's id; the session's cookie comes with the next request again. */
function withoutIds({ returnTo = '', session, ...rest }: AdapterPayload, id: string): AdapterPayload {
  const { cookie: _, ...others } = session ?? {}
  const kept = session === undefined ? {} : { session: others }
  return { ...rest, ...kept, returnTo: returnTo.slice(0, -id.length) }
}

function withIds({ returnTo = '', ...rest }: AdapterPayload, id: string): AdapterPayload {
  return { ...rest, returnTo: `${returnTo}${id}` }
}

function keptAs(id: string): string {
  return createHash('sha256').update(id).digest('hex')
}
