// Owns: the table of clients in SQL. I1: a hash leaves this file in `get` only, which the provider alone asks.
import { readPage, sqlFolder, type Page, type Paged } from '@ensemble/postgres'
import type { Queryable } from '@ensemble/runtime'
import { momentOf } from '@ensemble/service-contracts'
import type { Client, ShownClient } from './clients.ts'

type Columns = Readonly<Record<string, unknown>>

export interface ClientStore {
  /** Answers whether it is there now: not when its name is somebody's. */
  add(client: Client): Promise<boolean>
  get(key: string): Promise<Client | undefined>
  list(page: Page): Promise<Paged<ShownClient>>
  /** Gives a client another secret and other permissions; answers whether there is one. */
  renew(client: Pick<Client, 'key' | 'secretHash' | 'permissions'>, at: number): Promise<boolean>
  /** Answers whether it was there. */
  remove(key: string, at: number): Promise<boolean>
}

const sql = sqlFolder(new URL('./sql/', import.meta.url))
const INSERT = sql('client-insert')
const GET = sql('client-get')
const RENEW = sql('client-secret')
const REMOVE = sql('client-delete')
const PAGES = { list: sql('client-list'), count: sql('client-count'), decode: shownOf }

export function clientStore(database: Queryable): ClientStore {
  return {
    add: async (client) => {
      const { rowId, uuid, name, key, secretHash, permissions, isFirstParty, redirectUrl, createdAt } = client
      const texts = [rowId, uuid, name, key, secretHash, permissions.join(' ')]
      const values = [...texts, isFirstParty, redirectUrl, momentOf(createdAt)]
      return (await database.query(INSERT, values)).count > 0
    },
    get: async (key) => {
      const [row] = (await database.query(GET, [key])).rows
      return row && { ...shownOf(row), secretHash: String(row['client_secret']) }
    },
    list: (page) => readPage(database, PAGES, page),
    renew: async ({ key, secretHash, permissions }, at) =>
      (await database.query(RENEW, [key, secretHash, permissions.join(' '), momentOf(at)])).count > 0,
    remove: async (key, at) => (await database.query(REMOVE, [key, momentOf(at)])).count > 0,
  }
}

function shownOf(row: Columns): ShownClient {
  return {
    rowId: String(row['id_client']),
    uuid: String(row['uuid']),
    name: String(row['client_name']),
    key: String(row['client_key']),
    permissions: String(row['scope'])
      .split(' ')
      .filter((name) => name !== ''),
    isFirstParty: row['is_first_party'] === true,
    redirectUrl: String(row['redirect_url']),
    createdAt: Number(row['created_at']),
    updatedAt: Number(row['update_at']),
  }
}
