// Scenes about the users' table on a real server: round trips, second lines of defence, migrations both ways.
import {
  migratedDatabase,
  refusalOf,
  tableOf,
  type MigratedDatabase,
} from '@ensemble/service/testing/database'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { rowIdOf } from '@ensemble/service-contracts'
import { resultOf, type User } from '../user.ts'
import { userReads, userRows } from '../user-store.ts'

const NOW = Date.parse('2024-03-01T09:30:00.123Z')

function userOf(digit: string, more: Partial<User['profile']> = {}): User {
  const uuid = `5f0c2a34-7a0e-4f0b-9a55-0d9f3a1c7e2${digit}`
  const profile = {
    firstName: 'Maya',
    lastName: null,
    email: `Maya${digit}@Example.test`,
    handphone: '620000000001',
    address: 'Street \'quoted\' "1"',
    city: 'Bandung',
    province: null,
    district: '美玲',
    ...more,
  }
  const siteProfil = `Maya-${uuid}`
  return { uuid, profile, siteProfil, createdAt: NOW, updatedAt: NOW, deletedAt: null, version: 0 }
}

let place: MigratedDatabase

beforeAll(async () => {
  place = await migratedDatabase('user', new URL('../migrations/', import.meta.url))
})
afterAll(() => place.end())

const { insert, update, load } = tableOf(
  () => place,
  userRows,
  ({ uuid }) => uuid,
)

describe('users', () => {
  const first = userOf('1')
  const second = userOf('2')

  test('given two users, when stored, changed and loaded, then what was meant, one version on', async () => {
    await insert(second, first)
    expect(await load(second.uuid, first.uuid, userOf('9').uuid)).toEqual(
      new Map([
        [first.uuid, { ...first, version: 1 }],
        [second.uuid, { ...second, version: 1 }],
      ]),
    )
    const changed = { ...first, profile: { ...first.profile, city: null }, updatedAt: NOW + 1, version: 1 }
    await update(changed)
    expect(await load(first.uuid)).toEqual(new Map([[first.uuid, { ...changed, version: 2 }]]))
  })

  test('given an old version, when changed, then refused', async () => {
    expect(await refusalOf(update({ ...second, version: 0 }))).toBe('2201E')
  })

  test('given an address in other letters, when stored again, then refused; a deleted one makes room', async () => {
    const twin = userOf('3', { email: 'maya2@example.test' })
    expect(await refusalOf(insert(twin))).toBe('23505')
    await update({ ...second, updatedAt: NOW + 2, deletedAt: NOW + 2, version: 1 })
    expect(await refusalOf(insert(twin))).toBe('none')
  })

  test('given the reads, when asked, then living users alone, newest first', async () => {
    const reads = userReads(place.database.read)
    const newest: User = { ...userOf('4'), createdAt: NOW + 5, updatedAt: NOW + 5 }
    await insert(newest)
    const row = { id_user: rowIdOf(newest.uuid), ...resultOf(newest) }
    expect(await reads.get(newest.uuid)).toEqual(row)
    expect(await reads.get(second.uuid)).toBeUndefined()
    expect(await reads.list({ limit: 1, offset: 0 })).toEqual({ total: 3, results: [row] })
    expect((await reads.list({ limit: 5, offset: 1 })).results.map(({ uuid }) => uuid)).toEqual([
      userOf('3').uuid,
      first.uuid,
    ])
  })
})

test('given the migrations, when taken back and run again, then they are whole both ways', async () => {
  const count = 9
  const back = await place.migrate({ direction: 'down', count })
  const again = await place.migrate({ direction: 'up' })
  expect([back.length, again.length]).toEqual([count, count])
})
