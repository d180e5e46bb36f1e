// Owns: what a system has left in its databases, read by SQL as somebody who may see all tables.
// I1: rows are read once nothing is under way: every group has read the log to its end and no outbox holds anything.
import { openDatabase, type Database } from '@ensemble/postgres'
import { found } from '../scripts/demo/client.ts'
import type { TestSystem } from './support.ts'

export type Rows = readonly Readonly<Record<string, unknown>>[]

export interface Tables {
  /** Table names carry their schema, which is the service's name. */
  rows(place: string, sql: string): Promise<Rows>
  /** Resolves once nothing is under way, but for timers. */
  quiet(): Promise<void>
  /** The business tables of all services, by name. */
  business(): Promise<Readonly<Record<string, Rows>>>
  /** How many rows each table of every schema has and a hash of what they say. */
  fingerprints(): Promise<Readonly<Record<string, string>>>
  /** Names of the tables with a row that holds the text: as it is, in hex or in base64. */
  holding(text: string): Promise<readonly string[]>
  close(): Promise<void>
}

/** Without what merely counts writes: how often a row was written is not what it says. */
const BUSINESS: Readonly<Record<string, string>> = {
  'user.tb_users': `SELECT uuid, first_name, last_name, handphone, address, site_profil, email, city, province,
    district, created_at, updated_at, deleted_at FROM "user".tb_users`,
  'order.tb_orders': `SELECT uuid, order_number, user_uuid, id_order_type, id_order_status, created_at, updated_at,
    deleted_at FROM "order".tb_orders`,
  'payment.tb_payment': `SELECT uuid, uuid_order, uuid_user, id_payment_status, id_payment_model, failed_because,
    inquiry_number, bank_account_number, nm_bank, payment_total, change_total, refund_total, payment_order,
    due_date, due_date - created_at AS due_in, created_at, updated_at, deleted_at FROM payment.tb_payment`,
  'payment.tb_payment_entry': `SELECT uuid_payment, operation, kind, amount, bank_account_number, created_at
    FROM payment.tb_payment_entry`,
  'payment.tb_payment_credit': 'SELECT uuid_user, open_total FROM payment.tb_payment_credit',
  'notification.tb_receiver': `SELECT uuid_user, first_name, email, handphone, waiting, known_at
    FROM notification.tb_receiver`,
  'notification.tb_notification': `SELECT id, channel, template, uuid_user, receiver_address, subject, body, status,
    created_at, updated_at FROM notification.tb_notification`,
}

const LAG = `SELECT c.consumer_group FROM bus.log_cursor AS c
  INNER JOIN bus.log_head AS h ON h.topic = c.topic AND h.partition = c.partition
  WHERE c.next_offset < h.next_offset LIMIT 1`

const underWay = (service: string): string =>
  `SELECT 1 AS one FROM "${service}".ensemble_outbox
  UNION ALL SELECT 1 AS one FROM "${service}".ensemble_scheduled WHERE due_at <= now() LIMIT 1`

const EVERY_TABLE = `SELECT table_schema, table_name FROM information_schema.tables
  WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')`

export async function tablesOf(system: TestSystem): Promise<Tables> {
  const open = new Map<string, Promise<Database>>()
  const rows = async (place: string, sql: string): Promise<Rows> => {
    const url = system.urlOf(place)
    const opening = open.get(url) ?? openDatabase({ name: 'checker', url, sizeMax: 2 })
    open.set(url, opening)
    return (await (await opening).query(sql)).rows
  }
  const places = [...system.services.keys(), 'bus']
  const isQuiet = async (): Promise<boolean> => {
    if ((await rows('bus', LAG)).length > 0) return false
    for (const name of system.services.keys()) {
      if ((await rows(name, underWay(name))).length > 0) return false
    }
    return true
  }
  return {
    rows,
    // Twice: between reading the log and the outboxes something may have moved from one to the other.
    quiet: () =>
      found('quiet', async () => ((await isQuiet()) && (await isQuiet()) ? true : undefined)).then(
        () => undefined,
      ),
    business: async () => {
      const read = Object.entries(BUSINESS).map(async ([name, sql]) => {
        const [service = ''] = name.split('.')
        return [name, await rows(service, sql)] as const
      })
      return Object.fromEntries(await Promise.all(read))
    },
    fingerprints: async () =>
      await ofEveryTable(places, rows, async (place, table) => {
        const [found] = await rows(
          place,
          `SELECT count(*) AS count, md5(string_agg(t::text, '|' ORDER BY t::text)) AS hash FROM ${table} AS t`,
        )
        return `${String(found?.['count'])} rows ${String(found?.['hash'])}`
      }),
    holding: async (text) => {
      const forms = [text, Buffer.from(text).toString('hex'), Buffer.from(text).toString('base64')]
      const holds = forms.map((form) => `strpos(t::text, '${form}') > 0`).join(' OR ')
      const counts = await ofEveryTable(places, rows, async (place, table) => {
        const [found] = await rows(place, `SELECT count(*) AS count FROM ${table} AS t WHERE ${holds}`)
        return Number(found?.['count'])
      })
      return Object.keys(counts).filter((name) => counts[name] !== 0)
    },
    close: async () => {
      for (const opening of open.values()) await (await opening).close()
    },
  }
}

async function ofEveryTable<T>(
  places: readonly string[],
  rows: Tables['rows'],
  ask: (place: string, table: string) => Promise<T>,
): Promise<Readonly<Record<string, T>>> {
  const all: Record<string, T> = {}
  for (const place of places) {
    for (const { table_schema: schema, table_name: table } of await rows(place, EVERY_TABLE)) {
      const name = `${String(schema)}.${String(table)}`
      if (!(name in all)) all[name] = await ask(place, `"${String(schema)}"."${String(table)}"`)
    }
  }
  return all
}
