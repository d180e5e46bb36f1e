// Scenes about the tables of logins on a real server: round trips, second lines of defence, guesses.
import {
  migratedDatabase,
  refusalOf,
  tableOf,
  type MigratedDatabase,
} from '@ensemble/service/testing/database'
import { PERMISSIONS, ROLE, rowIdOf } from '@ensemble/service-contracts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { FORGOTTEN_MS } from '@ensemble/service/guesses'
import { loginReads, loginRows, loginStore } from '../login-store.ts'
import { rowOf, type Login } from '../login.ts'
import { userRows } from '../user-store.ts'
import type { User } from '../user.ts'

const NOW = Date.parse('2024-03-01T09:30:00.123Z')
const HASH = '$argon2id$v=19$m=64,t=1,p=1$AAAA$BBBB'

let place: MigratedDatabase

beforeAll(async () => {
  place = await migratedDatabase('user', new URL('../migrations/', import.meta.url))
  await users.insert(maya, dewi, gone)
})
afterAll(() => place.end())

const users = tableOf(
  () => place,
  userRows,
  ({ uuid }) => uuid,
)
const { insert, update, load } = tableOf(
  () => place,
  loginRows,
  ({ uuid }) => uuid,
)

function userOf(digit: string, deletedAt: number | null = null): User {
  const uuid = `5f0c2a34-7a0e-4f0b-9a55-0d9f3a1c7e2${digit}`
  const profile = {
    firstName: 'Maya',
    lastName: null,
    email: `maya${digit}@example.test`,
    handphone: '620000000001',
    address: 'Street 1',
    city: null,
    province: null,
    district: null,
  }
  const times = { createdAt: NOW, updatedAt: NOW, deletedAt }
  return { uuid, profile, siteProfil: `Maya-${uuid}`, ...times, version: 0 }
}

const maya = userOf('1')
const dewi = userOf('2')
const gone = userOf('3', NOW)

function loginOf(digit: string, owner: User, more: Partial<Login> = {}): Login {
  const uuid = `1b8a6c1e-2f55-4d0e-8a59-6d3d7a0b9c1${digit}`
  const times = { createdAt: NOW, updatedAt: NOW, deletedAt: null }
  const what = { username: `name${digit}`, passwordHash: HASH, roleId: ROLE.customer }
  return { uuid, userId: owner.uuid, ...what, ...times, version: 0, ...more }
}

describe('logins', () => {
  const first = loginOf('1', maya)
  const second = loginOf('2', dewi, { createdAt: NOW + 1, updatedAt: NOW + 1, roleId: ROLE.operator })
  const orphan = loginOf('3', gone)

  test('given logins, when stored, changed and loaded, then what was meant, one version on', async () => {
    await insert(second, first, orphan)
    expect(await load(first.uuid, second.uuid, loginOf('9', maya).uuid)).toEqual(
      new Map([
        [first.uuid, { ...first, version: 1 }],
        [second.uuid, { ...second, version: 1 }],
      ]),
    )
    const changed = { ...first, passwordHash: `${HASH}C`, updatedAt: NOW + 2, version: 1 }
    await update(changed)
    expect(await load(first.uuid)).toEqual(new Map([[first.uuid, { ...changed, version: 2 }]]))
    expect(await refusalOf(update(changed))).toBe('2201E')
  })

  test.each([
    ['a name that somebody has', '23505', loginOf('4', maya, { username: 'name1' })],
    ['a name in capitals', '23514', loginOf('4', maya, { username: 'Name4' })],
    ['a password that is no hash', '23514', loginOf('4', maya, { passwordHash: 'correct horse' })],
    ['a role that is none', '23503', loginOf('4', maya, { roleId: '1' })],
    ['a user who is none', '23503', loginOf('4', userOf('9'))],
  ])('given %s, when stored, then refused with %s', async (_, code, login) => {
    expect(await refusalOf(insert(login))).toBe(code)
  })

  test('given the reads, when asked, then logins of living users, newest first, without a hash', async () => {
    const reads = loginReads(place.database.read)
    expect(await reads.get('name2')).toEqual(rowOf(second))
    expect(await reads.get('name3')).toBeUndefined()
    const page = await reads.list({ limit: 1, offset: 0 })
    expect(page).toEqual({ total: 2, results: [rowOf(second)] })
    expect((await reads.list({ limit: 5, offset: 1 })).results.map(({ username }) => username)).toEqual([
      'name1',
    ])
  })

  test('given a name, when a session asks for it, then login and role; of a deleted user nothing', async () => {
    const store = loginStore(place.database)
    const known = await store.known('name2')
    expect(known).toEqual({
      login: { ...second, version: 1 },
      role: { id_roles: ROLE.operator, nm_roles: 'operator', acl: expect.arrayContaining(['order:write']) },
    })
    expect(await store.known('name3')).toBeUndefined()
    expect(await store.known('nobody')).toBeUndefined()
  })

  test('given a user, when looked for by either id, then the uuid; a deleted one is not there', async () => {
    const store = loginStore(place.database)
    expect(await store.owner({ id_user: rowIdOf(maya.uuid) })).toBe(maya.uuid)
    expect(await store.owner({ uuid_user: dewi.uuid })).toBe(dewi.uuid)
    expect(await store.owner({ id_user: rowIdOf(gone.uuid) })).toBeUndefined()
    expect(await store.owner({})).toBeUndefined()
  })

  test('given a hash to make new, when the login moved meanwhile, then nothing happens', async () => {
    const store = loginStore(place.database)
    const read = await store.find(second.uuid)
    if (read === undefined) throw new Error('not there')
    await store.rehash({ ...read, passwordHash: `${HASH}D` })
    await store.rehash({ ...read, passwordHash: `${HASH}E` })
    expect(await store.find(second.uuid)).toEqual({ ...read, passwordHash: `${HASH}D`, version: 2 })
  })

  test('given the roles, when read, then each says what it may in words of the contract', async () => {
    const { rows } = await place.database.query(
      'SELECT nm_roles, acl FROM tb_roles ORDER BY id_roles ASC NULLS FIRST',
    )
    const words = rows.flatMap(({ acl }) => String(acl).split(' '))
    expect(rows.map(({ nm_roles: name }) => name)).toEqual(['admin', 'operator', 'customer'])
    const names = new Set<string>(PERMISSIONS)
    expect(words.filter((word) => !names.has(word))).toEqual([])
  })
})

describe('guesses', () => {
  test('given wrong passwords, when counted, then one after the other, and by nobody else', async () => {
    const store = loginStore(place.database)
    expect(await store.guesses('a')).toBeUndefined()
    await store.failed('a', NOW)
    await store.failed('a', NOW + 5)
    await store.failed('b', NOW)
    expect(await store.guesses('a')).toEqual({ failures: 2, failedAt: NOW + 5 })
    expect(await store.guesses('b')).toEqual({ failures: 1, failedAt: NOW })
    await store.forgive('a')
    expect(await store.guesses('a')).toBeUndefined()
  })

  test('given twenty at once, when counted, then all of them', async () => {
    const store = loginStore(place.database)
    await Promise.all(Array.from({ length: 20 }, () => store.failed('c', NOW)))
    expect(await store.guesses('c')).toEqual({ failures: 20, failedAt: NOW })
  })

  test('given a long time without one, when the next comes, then it is the first', async () => {
    const store = loginStore(place.database)
    await store.failed('d', NOW)
    await store.failed('d', NOW + FORGOTTEN_MS)
    expect(await store.guesses('d')).toMatchObject({ failures: 2 })
    await store.failed('d', NOW + 2 * FORGOTTEN_MS + 1)
    expect(await store.guesses('d')).toMatchObject({ failures: 1 })
  })

  test('given five hundred, when counted, then the old ones are gone, and no name was ever kept', async () => {
    const store = loginStore(place.database)
    await store.failed('old', NOW)
    const later = NOW + 4 * FORGOTTEN_MS
    for (let count = 1; count < 500; count += 1) await store.failed('canary-name', later)
    const { rows } = await place.database.query('SELECT username_digest, failures FROM tb_login_attempt')
    expect(rows).toEqual([{ username_digest: expect.stringMatching(/^[0-9a-f]{64}$/), failures: '499' }])
  })
})
