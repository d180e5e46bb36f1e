// Owns: the users' table in SQL: what a row is in memory, and the reads of the API. Does not own what a user may do
// (user.ts).
import { sqlFile, tableRows } from '@ensemble/postgres'
import type { Queryable, Rows } from '@ensemble/runtime'
import { momentOf, rowIdOf, type UserRow } from '@ensemble/service-contracts'
import { resultOf, type User } from './user.ts'

type Columns = Readonly<Record<string, unknown>>

export const userRows: Rows<User> = tableRows<User>({
  name: 'tb_users',
  load: sqlFile(new URL('./sql/users-load.sql', import.meta.url)),
  insert: sqlFile(new URL('./sql/users-insert.sql', import.meta.url)),
  update: sqlFile(new URL('./sql/users-update.sql', import.meta.url)),
  decode: userOf,
  key: ({ uuid }) => uuid,
  encode: columnsOf,
})

const GET = sqlFile(new URL('./sql/user-get.sql', import.meta.url))
const LIST = sqlFile(new URL('./sql/user-list.sql', import.meta.url))
const COUNT = sqlFile(new URL('./sql/user-count.sql', import.meta.url))

export interface UserReads {
  get(uuid: string): Promise<UserRow | undefined>
  list(page: {
    readonly limit: number
    readonly offset: number
  }): Promise<{ total: number; results: UserRow[] }>
}

/** What the API reads; as fresh as `read` is. */
export function userReads(read: Queryable): UserReads {
  return {
    get: async (uuid) => {
      const { rows } = await read.query(GET, [uuid])
      return rows.map(rowOf)[0]
    },
    list: async ({ limit, offset }) => {
      const [found, counted] = await Promise.all([read.query(LIST, [limit, offset]), read.query(COUNT)])
      return { total: Number(counted.rows[0]?.['total']), results: found.rows.map(rowOf) }
    },
  }
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
