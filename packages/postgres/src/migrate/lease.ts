/**
 * Owns a one-row lease for databases whose advisory locks exclude nobody.
 * I1: the row is taken by one conditional UPDATE; its count, not a lock, says who won.
 * I2: times are the database's. A holder that died is over when its time is; a living one renews in time.
 * I3: who could not renew in time fails, even if the work went well.
 */
import type { Client } from 'pg'
import { withClient } from '../database/client.ts'
import { randomText } from '../database/clock.ts'
import type { Clock } from '../database/clock.ts'
import { DatabaseError, toDatabaseError } from '../database/errors.ts'
import { quoteName } from '../database/settings.ts'

export interface LeaseOptions {
  readonly url: string
  readonly schema: string
  readonly clock: Clock
  readonly leaseMs?: number
  readonly waitMsMax?: number
}

const LEASE_MS = 60_000
const WAIT_MS_MAX = 300_000
const POLL_MS = 250
const RENEWALS_PER_LEASE = 4
/** What CREATE TABLE IF NOT EXISTS answers to the slower of two: the type, the key, or the table is there. */
const ALREADY_THERE = new Set(['42710', '23505', '42P07'])

export async function underLease<T>(options: LeaseOptions, work: () => Promise<T>): Promise<T> {
  const { clock, leaseMs = LEASE_MS } = options
  const owner = randomText(12)
  const table = `${quoteName(options.schema)}.migration_lease`
  return withClient({ connectionString: options.url, application_name: 'migrate lease' }, async (client) => {
    await makeLease(client, table)
    await acquire(client, table, owner, { ...options, leaseMs })
    const done = new AbortController()
    const renewing = renew(client, table, owner, { clock, leaseMs, signal: done.signal })
    renewing.catch(() => undefined)
    try {
      return await work()
    } finally {
      done.abort()
      await renewing
      await client.query(`update ${table} set owner = null where id = 1::int4 and owner = $1::text`, [owner])
    }
  })
}

async function makeLease(client: Client, table: string): Promise<void> {
  try {
    await client.query(
      `create table if not exists ${table} (id int4 primary key, owner text, until timestamptz not null)`,
    )
  } catch (error) {
    const failure = toDatabaseError(error)
    if (!ALREADY_THERE.has(failure.sqlState ?? '')) throw failure
  }
  await client.query(`insert into ${table} (id, until) values (1::int4, now()) on conflict (id) do nothing`)
}

async function acquire(
  client: Client,
  table: string,
  owner: string,
  options: LeaseOptions & { readonly leaseMs: number },
): Promise<void> {
  const { clock, leaseMs, waitMsMax = WAIT_MS_MAX } = options
  const take = `update ${table} set owner = $1::text, until = now() + $2::text::interval
    where id = 1::int4 and (owner is null or until < now())`
  const end = clock.now() + waitMsMax
  while ((await client.query(take, [owner, `${leaseMs} milliseconds`])).rowCount !== 1) {
    if (clock.now() >= end) {
      throw new DatabaseError('TIMEOUT', `another process migrates ${options.schema}; waited ${waitMsMax} ms`)
    }
    await clock.sleep(POLL_MS)
  }
}

interface Renewal {
  readonly clock: Clock
  readonly leaseMs: number
  readonly signal: AbortSignal
}

async function renew(
  client: Client,
  table: string,
  owner: string,
  { clock, leaseMs, signal }: Renewal,
): Promise<void> {
  const text = `update ${table} set until = now() + $2::text::interval
    where id = 1::int4 and owner = $1::text and until > now()`
  for (;;) {
    await clock.sleep(leaseMs / RENEWALS_PER_LEASE, signal)
    const renewed = await client.query(text, [owner, `${leaseMs} milliseconds`])
    if (renewed.rowCount !== 1)
      throw new DatabaseError('TIMEOUT', 'the migration lease ran out while migrating')
    if (signal.aborted) return
  }
}
