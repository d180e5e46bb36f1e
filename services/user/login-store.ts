// Owns: the tables of logins, roles and wrong passwords in SQL. Does not own what may be done with them (login.ts,
// gate.ts).
// I1: a hash leaves this file in a Login only, which login.ts and gate.ts alone read; reads of the API have none.
// I2: what decides is read from the database that is written to: a read endpoint may not know yet.
import { createHash } from 'node:crypto'
import { DatabaseError, sqlFolder, tableReads, tableRows, type Reads } from '@ensemble/postgres'
import type { Database, Queryable, Rows } from '@ensemble/runtime'
import { momentOf, rowIdOf, type LoginRow, type Session } from '@ensemble/service-contracts'
import type { GateMemory } from './gate.ts'
import { FORGOTTEN_MS } from '@ensemble/service/guesses'
import { rowOf, type Login, type ShownLogin } from './login.ts'

type Columns = Readonly<Record<string, unknown>>

const sql = sqlFolder(new URL('./sql/', import.meta.url))

export const loginRows: Rows<Login> = tableRows<Login>({
  name: 'tb_login',
  load: sql('logins-load'),
  insert: sql('logins-insert'),
  update: sql('logins-update'),
  decode: loginOf,
  key: ({ uuid }) => uuid,
  encode: (login) => ({
    id: rowIdOf(login.uuid),
    uuid: login.uuid,
    id_user: rowIdOf(login.userId),
    username: login.username,
    password: login.passwordHash,
    id_roles: login.roleId,
    created_at: momentOf(login.createdAt),
    update_at: momentOf(login.updatedAt),
    deleted_at: login.deletedAt === null ? null : momentOf(login.deletedAt),
    version: login.version,
  }),
})

const READS = {
  get: sql('login-get'),
  list: sql('login-list'),
  count: sql('login-count'),
  decode: (row: Columns): LoginRow => rowOf(shownOf(row)),
}

/** Living logins of living users, by name. */
export type LoginReads = Reads<LoginRow>

export function loginReads(read: Queryable): LoginReads {
  return tableReads(read, READS)
}

const OWNER = sql('login-owner')
const PERMISSIONS = sql('role-permissions')
const SESSION = sql('login-session')
const GUESSES = sql('guesses-get')
const FAILED = sql('guesses-fail')
const FORGIVE = sql('guesses-forgive')
const PRUNE = sql('guesses-prune')

/** As often as the statement's own bound, so that the table cannot grow past a day. */
const PRUNE_EVERY_COUNT = 500

/** A login and what it may do. */
export interface Known extends Pick<Session, 'role'> {
  readonly login: Login
}

export interface LoginStore extends GateMemory {
  /** The uuid of a living user. */
  owner(named: {
    readonly id_user?: string | undefined
    readonly uuid_user?: string | undefined
  }): Promise<string | undefined>
  /** What a role may do; nothing when there is no such role. */
  permissions(roleId: string): Promise<readonly string[]>
  /** The login with this uuid. */
  find(uuid: string): Promise<Login | undefined>
  /** The living login of a living user with this name. */
  known(username: string): Promise<Known | undefined>
}

export function loginStore(database: Pick<Database, 'query' | 'transaction'>): LoginStore {
  let failures = 0
  return {
    owner: async ({ id_user = null, uuid_user = null }) => {
      const [row] = (await database.query(OWNER, [id_user, uuid_user])).rows
      return row === undefined ? undefined : String(row['uuid'])
    },
    permissions: async (roleId) => {
      const [row] = (await database.query(PERMISSIONS, [roleId])).rows
      return row === undefined ? [] : String(row['acl']).split(' ')
    },
    find: (uuid) => database.transaction(async (tx) => (await loginRows.load(tx, [uuid])).get(uuid)),
    known: async (username) => {
      const [row] = (await database.query(SESSION, [username])).rows
      return row === undefined ? undefined : knownOf(row)
    },
    guesses: async (username) => {
      const [row] = (await database.query(GUESSES, [digestOf(username)])).rows
      if (row === undefined) return undefined
      return { failures: Number(row['failures']), failedAt: Number(row['failed_at']) }
    },
    failed: async (username, at) => {
      await database.query(FAILED, [digestOf(username), momentOf(at), momentOf(at - FORGOTTEN_MS)])
      failures += 1
      if (failures % PRUNE_EVERY_COUNT === 0) await database.query(PRUNE, [momentOf(at - FORGOTTEN_MS)])
    },
    forgive: async (username) => {
      await database.query(FORGIVE, [digestOf(username)])
    },
    rehash: async (login) => {
      try {
        await database.transaction((tx) => loginRows.update(tx, [{ key: login.uuid, state: login }]))
      } catch (error) {
        if (error instanceof DatabaseError && error.code === 'MOVED') return
        throw error
      }
    },
  }
}

function knownOf(row: Columns): Known {
  return {
    login: loginOf(row),
    role: {
      id_roles: String(row['id_roles']),
      nm_roles: String(row['nm_roles']),
      acl: String(row['acl']).split(' '),
    },
  }
}

function loginOf(row: Columns): Login {
  return { ...shownOf(row), passwordHash: String(row['password']), version: Number(row['version']) }
}

function shownOf(row: Columns): ShownLogin {
  return {
    uuid: String(row['uuid']),
    userId: String(row['uuid_user']),
    username: String(row['username']),
    roleId: String(row['id_roles']),
    createdAt: Number(row['created_at']),
    updatedAt: Number(row['update_at']),
    deletedAt: row['deleted_at'] === null ? null : Number(row['deleted_at']),
  }
}

function digestOf(username: string): string {
  return createHash('sha256').update(username).digest('hex')
}
