/** Owns plain connections used once, outside of the pools, and the decoding of what they and small files say. */
import { Client } from 'pg'
import type { ClientConfig } from 'pg'

const CONNECT_TIMEOUT_MS = 10_000

/** Opens, works and ends; errors are the driver's own. */
export async function withClient<T>(config: ClientConfig, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionTimeoutMillis: CONNECT_TIMEOUT_MS, keepAlive: true, ...config })
  // The failing statement tells the same; unheard, the event would end the process.
  client.on('error', () => undefined)
  try {
    await client.connect()
    return await work(client)
  } finally {
    await client.end().catch(() => undefined)
  }
}

export type Row = Readonly<Record<string, unknown>>

/** The first row; an empty record where there is none. */
export async function firstRow(client: Client, text: string, values: readonly unknown[] = []): Promise<Row> {
  const { rows } = await client.query<Record<string, unknown>>(text, [...values])
  return rows[0] ?? {}
}

export async function versionOf(client: Client): Promise<string> {
  return String((await firstRow(client, 'select version() as "version"'))['version'])
}

/** The fields of a JSON object; none for anything else. */
export function parseFields(text: string): Row {
  return fieldsOf(JSON.parse(text))
}

export function fieldsOf(value: unknown): Row {
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {}
}
