// The tables of the auth service, on a real database.
import { migratedDatabase, type MigratedDatabase } from '@ensemble/service/testing/database'
import { migratedBothWays } from '@ensemble/service/testing/system'
import { digestOf } from '@ensemble/service/tokens'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { auditOf } from '../audit-store.ts'
import { clientStore } from '../client-store.ts'
import type { Client } from '../clients.ts'
import { keysOf } from '../key-store.ts'
import { auth } from '../main.ts'
import { tokenStore, type TokenStore } from '../token-store.ts'

const NOW = Date.parse('2024-03-01T09:30:00Z')
const HASH = '$argon2id$v=19$m=64,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'

const idOf = (count: number): string => `00000000-0000-4000-8000-${String(count).padStart(12, '0')}`

function client(count: number, more: Partial<Client> = {}): Client {
  return {
    rowId: String(count),
    uuid: idOf(count),
    name: `client ${count}`,
    key: `key-${count}`,
    secretHash: HASH,
    permissions: ['order:read'],
    isFirstParty: false,
    redirectUrl: '',
    createdAt: NOW + count,
    updatedAt: NOW + count,
    ...more,
  }
}

describe('the tables of auth', () => {
  let place: MigratedDatabase
  let time = NOW
  let count = 100
  const clock = { now: () => time }
  const ids = { next: () => idOf((count += 1)) }
  const tokens = (): TokenStore =>
    tokenStore({ database: place.database, clock, client: async () => undefined })
  const rows = async (table: string): Promise<string> =>
    JSON.stringify((await place.database.query(`SELECT * FROM ${table}`)).rows)
  beforeAll(async () => {
    place = await migratedDatabase('auth', new URL('../migrations/', import.meta.url))
  })
  afterAll(() => place.end())

  test('can be made, taken back and made again', async () => {
    const { up, down, again } = await migratedBothWays(auth)
    expect(down.length).toBe(up.length)
    expect(again).toEqual(up)
  })

  test('given a client, when listed, then without its hash; its name stays its own when it is gone', async () => {
    const store = clientStore(place.database)
    expect(await store.add(client(1))).toBe(true)
    expect(await store.add(client(2, { name: 'client 1' }))).toBe(false)
    expect(await store.get('key-1')).toEqual(client(1))
    const { total, results } = await store.list({ limit: 10, offset: 0 })
    expect([total, JSON.stringify(results).includes('argon2id')]).toEqual([1, false])
    expect([await store.remove('key-1', NOW), await store.remove('key-1', NOW)]).toEqual([true, false])
    expect(await store.get('key-1')).toBeUndefined()
    expect(await store.add(client(3, { name: 'client 1' }))).toBe(false)
  })

  test('given a refresh token, when kept, then by its digest: its text is in no row', async () => {
    const adapter = tokens().adapter('RefreshToken')
    const payload = { jti: 'the-refresh-token', grantId: 'grant-1', accountId: 'maya', kind: 'RefreshToken' }
    await adapter.upsert('the-refresh-token', payload, 60)
    expect(await adapter.find('the-refresh-token')).toEqual(payload)
    expect(await rows('tb_token')).not.toContain('the-refresh-token')
    expect(await tokens().adapter('Grant').find('the-refresh-token')).toBeUndefined()
  })

  test('given a refresh token, when its time is over, then it is gone', async () => {
    const adapter = tokens().adapter('RefreshToken')
    await adapter.upsert('short', { grantId: 'g' }, 60)
    time = NOW + 60_000
    expect(await adapter.find('short')).toBeUndefined()
    time = NOW
  })

  test('given twenty who use a token at once, when answered, then one has', async () => {
    const adapter = tokens().adapter('RefreshToken')
    await adapter.upsert('once', { grantId: 'grant-2' }, 60)
    const uses = await Promise.allSettled(Array.from({ length: 20 }, () => adapter.consume('once')))
    expect(uses.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(await adapter.find('once')).toMatchObject({ consumed: true })
  })

  test('given a login, when it ends, then its tokens are gone and its name is on the list, as a digest', async () => {
    const adapter = tokens().adapter('RefreshToken')
    await tokens().adapter('Grant').upsert('grant-3', { accountId: 'maya' }, 60)
    await adapter.upsert('mine', { grantId: 'grant-3' }, 60)
    await adapter.upsert('other', { grantId: 'grant-4' }, 60)
    await tokens().endLogin('grant-3')
    expect(await adapter.find('mine')).toBeUndefined()
    expect(await tokens().adapter('Grant').find('grant-3')).toBeUndefined()
    expect(await adapter.find('other')).toBeDefined()
    expect(await tokens().revoked()).toEqual({ [digestOf('login grant-3')]: NOW / 1_000 })
    time = NOW + 1_200_001
    expect(await tokens().revoked()).toEqual({})
    time = NOW
  })

  test('given five instances, when each wants the first key, then all have the same', async () => {
    const stores = Array.from({ length: 5 }, () => keysOf({ database: place.database, clock, ids }))
    const sets = await Promise.all(stores.map((store) => store.current()))
    expect(new Set(sets.flat().map(({ kid }) => kid)).size).toBe(1)
  })

  test('given a new key, when half a minute is over, then another instance publishes it before it signs', async () => {
    const [one, two] = [1, 2].map(() => keysOf({ database: place.database, clock, ids }))
    const before = (await two?.current())?.map(({ kid }) => kid)
    await one?.rotate()
    expect((await two?.current())?.map(({ kid }) => kid)).toEqual(before)
    time = NOW + 30_000
    const published = (await two?.current())?.map(({ kid }) => kid) ?? []
    expect([published.length, published[0]]).toEqual([2, before?.[0]])
    time = NOW + 60_000
    expect((await two?.current())?.map(({ kid }) => kid)).toEqual(published.toReversed())
    time = NOW
  })

  test('given what happened, when listed, then newest first', async () => {
    const audit = auditOf({ database: place.database, clock, ids })
    await audit.note({ kind: 'client.added', clientKey: 'admin', about: 'key-1' })
    time = NOW + 1
    await audit.note({ kind: 'login.succeeded', clientKey: 'app', userId: idOf(7) })
    time = NOW
    const { total, results } = await audit.list({ limit: 10, offset: 0 })
    expect(total).toBe(2)
    expect(results).toMatchObject([
      { kind: 'login.succeeded', client_key: 'app', uuid_user: idOf(7), about: '' },
      { kind: 'client.added', client_key: 'admin', uuid_user: null, about: 'key-1' },
    ])
  })
})
