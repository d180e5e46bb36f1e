// Owns: the users' table in SQL: what a row is in memory, and the reads of the API. Does not own what a user may do
// (user.ts).
import { sqlFolder, tableReads, tableRows, type Reads } from '@ensemble/postgres'
import type { Queryable, Rows } from '@ensemble/runtime'
import { momentOf, rowIdOf, type UserRow } from '@ensemble/service-contracts'
import { resultOf, type User } from './user.ts'

type Columns = Readonly<Record<string, unknown>>

const sql = sqlFolder(new URL('./sql/', import.meta.url))

export const userRows: Rows<User> = tableRows<User>({
  name: 'tb_users',
  load: sql('users-load'),
  insert: sql('users-insert'),
  update: sql('users-update'),
  decode: userOf,
  key: ({ uuid }) => uuid,
  encode: columnsOf,
})

const READS = {
  get: sql('user-get'),
  list: sql('user-list'),
  count: sql('user-count'),
  owned: { list: sql('user-list-owned'), count: sql('user-count-owned') },
  decode: rowOf,
}

export type UserReads = Reads<UserRow>

/** What the API reads; as fresh as `read` is. */
export function userReads(read: Queryable): UserReads {
  return tableReads(read, READS)
}

function rowOf(row: Columns): UserRow {
  return { id_user: String(row['id_user']), ...resultOf(userOf(row)) }
}

function userOf(row: Columns): User {
  return {
    uuid: String(row['uuid']),
    profile: {
      firstName: String(row['first_name']),
      lastName: textOrNull(row['last_name']),
      email: String(row['email']),
      handphone: String(row['handphone']),
      address: String(row['address']),
      city: textOrNull(row['city']),
      province: textOrNull(row['province']),
      district: textOrNull(row['district']),
    },
    siteProfil: String(row['site_profil']),
    createdAt: Number(row['created_at']),
    updatedAt: Number(row['updated_at']),
    deletedAt: row['deleted_at'] === null ? null : Number(row['deleted_at']),
    version: Number(row['version']),
  }
}

function columnsOf(state: User): Columns {
  const { profile } = state
  return {
    id_user: rowIdOf(state.uuid),
    uuid: state.uuid,
    first_name: profile.firstName,
    last_name: profile.lastName,
    handphone: profile.handphone,
    address: profile.address,
    site_profil: state.siteProfil,
    email: profile.email,
    city: profile.city,
    province: profile.province,
    district: profile.district,
    created_at: momentOf(state.createdAt),
    updated_at: momentOf(state.updatedAt),
    deleted_at: state.deletedAt === null ? null : momentOf(state.deletedAt),
    version: state.version,
  }
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}
