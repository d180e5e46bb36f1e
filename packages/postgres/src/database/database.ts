/**
 * Owns the pools of one service and puts the parts together. Does not own schema (migrate/) or statements (the stores).
 * I1: every wait for a connection is bounded.
 * I2: the read pool cannot write.
 */
import { Pool } from 'pg'
import type { ClientConfig } from 'pg'
import { profileOf } from '../profile.ts'
import type { Profile } from '../profile.ts'
import { versionOf, withClient } from './client.ts'
import { systemClock } from './clock.ts'
import type { Clock } from './clock.ts'
import { checkOut, hearLosses } from './connection.ts'
import type { Connection, FaultInjector, Meter, Source } from './connection.ts'
import { toDatabaseError } from './errors.ts'
import { openNotices } from './notices.ts'
import type { Seat } from './seat.ts'
import { clientConfig, quoteName, SESSION_LIMITS, sessionOptions } from './settings.ts'
import type { Isolation, SessionLimits, SessionSettings } from './settings.ts'
import { ServerTime } from './server-time.ts'
import { retried, runTransaction, TRIES_MAX_DEFAULT } from './transaction.ts'
import type { Database, Queryable } from './types.ts'

export interface DatabaseOptions {
  /** The service, as it appears in errors and, unless `applicationName` is given, in pg_stat_activity. */
  readonly name: string
  readonly url: string
  readonly readUrl?: string | undefined
  /** Becomes the search path. */
  readonly schema?: string | undefined
  readonly sizeMax?: number
  readonly readSizeMax?: number
  readonly applicationName?: string
  readonly connectTimeoutMs?: number
  readonly limits?: Partial<SessionLimits>
  /** The server's default unless given. */
  readonly isolation?: Isolation
  /** Its transactions are in these sessions, with their limits and isolation, as the role that `url` names. */
  readonly sessions?: Sessions | undefined
  /** Asked from the server unless given. */
  readonly profile?: Profile
  readonly clock?: Clock
  /** Tests only. */
  readonly fault?: FaultInjector
}

const SIZE_MAX_DEFAULT = 10
const READ_SIZE_MAX_DEFAULT = 5
const CONNECT_TIMEOUT_MS_DEFAULT = 10_000
/** Long, because a new connection prepares every statement again. */
const IDLE_TIMEOUT_MS = 60_000

export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const { name, url, clock = systemClock } = options
  const connectTimeoutMs = options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS_DEFAULT
  const profile = options.profile ?? (await askProfile(url, connectTimeoutMs))
  const settings: SessionSettings = {
    schema: options.schema,
    limits: { ...SESSION_LIMITS, ...options.limits },
    isolation: options.isolation,
    isReadOnly: false,
    applicationName: options.applicationName ?? name,
  }
  const openPool = (at: string, isReadOnly: boolean, max: number): Pool => {
    const sessionText = sessionOptions({ ...settings, isReadOnly }, profile)
    return poolOf(clientConfig(at, sessionText, settings.applicationName), { max, connectTimeoutMs })
  }
  const write = openPool(url, false, options.sizeMax ?? SIZE_MAX_DEFAULT)
  const read = openPool(options.readUrl ?? url, true, options.readSizeMax ?? READ_SIZE_MAX_DEFAULT)
  const meter: Meter = { counts: new Map(), fault: options.fault }
  const noticeConfig = clientConfig(
    url,
    sessionOptions(settings, profile),
    `${settings.applicationName} notices`,
  )
  const notices = profile.canListen
    ? openNotices({ ...noticeConfig, connectionTimeoutMillis: connectTimeoutMs }, clock)
    : undefined
  const replanning = profile.canDiscardPlans ? clock : null
  const sourceOf = (pool: Pool, kind: string): Source => ({
    pool,
    name: `${kind} pool of ${name}`,
    meter,
    replanning,
  })
  const writing = sourceOf(write, 'write')
  const reading = sourceOf(read, 'read')
  const writer = queryable(() => checkOut(writing), clock)
  const time = new ServerTime(clock)
  const seat = options.sessions?.seat(roleIn(url), options.schema ?? 'public')
  const open = (): Promise<Connection> => options.sessions?.checkOut(meter) ?? checkOut(writing)
  let closed: Promise<unknown> | undefined

  return {
    name,
    seat,
    profile,
    query: (statement, values) => writer.query(statement, values),
    read: queryable(() => checkOut(reading), clock),
    transaction: (work, { triesMax = TRIES_MAX_DEFAULT, isEarly = false } = {}) =>
      runTransaction({ checkOut: open, clock, triesMax, isEarly, time, seat }, work),
    counted: () => Object.fromEntries(meter.counts),
    listen: async (channel, onNotify) =>
      (await notices?.listen(channel, onNotify)) ?? (async () => undefined),
    notify: async (channel, payload) => notices?.notify(channel, payload),
    ping: async () => {
      await writer.query('select 1')
      if (seat !== undefined) await queryable(open, clock).query('select 1')
    },
    close: async () => {
      closed ??= Promise.all([notices?.close(), write.end(), read.end()])
      await closed
    },
  }
}

/** Sessions for the transactions of several services of one process, whose tables are in one database. */
export interface Sessions {
  /** For a service with this role and schema. */
  seat(role: string, schema: string): Seat
  checkOut(meter: Meter): Promise<Connection>
  close(): Promise<void>
}

export type SessionsOptions = Pick<
  DatabaseOptions,
  'name' | 'url' | 'sizeMax' | 'limits' | 'isolation' | 'connectTimeoutMs' | 'profile' | 'clock'
>

/** As a role that may become each service's; null where the server cannot change roles within a transaction. */
export async function openSessions(options: SessionsOptions): Promise<Sessions | null> {
  const { name, url, clock = systemClock } = options
  const connectTimeoutMs = options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS_DEFAULT
  const profile = options.profile ?? (await askProfile(url, connectTimeoutMs))
  if (!profile.canVisit) return null
  const settings: SessionSettings = {
    schema: undefined,
    limits: { ...SESSION_LIMITS, ...options.limits },
    isolation: options.isolation,
    isReadOnly: false,
    applicationName: name,
  }
  const max = options.sizeMax ?? SIZE_MAX_DEFAULT
  const pool = poolOf(clientConfig(url, sessionOptions(settings, profile), name), { max, connectTimeoutMs })
  const replanning = profile.canDiscardPlans ? clock : null
  const own = {}
  let count = 0
  return {
    seat: (role, schema) => {
      count += 1
      return { sessions: own, number: count, role, path: quoteName(schema) }
    },
    checkOut: (meter) => checkOut({ pool, name: `pool of ${name}`, meter, replanning }),
    close: () => pool.end(),
  }
}

function roleIn(url: string): string {
  return decodeURIComponent(new URL(url).username)
}

interface PoolBounds {
  readonly max: number
  readonly connectTimeoutMs: number
}

function poolOf(config: ClientConfig, { max, connectTimeoutMs }: PoolBounds): Pool {
  const pool = new Pool({
    ...config,
    max,
    connectionTimeoutMillis: connectTimeoutMs,
    idleTimeoutMillis: IDLE_TIMEOUT_MS,
  })
  // A lost idle connection is already out of the pool; unheard, the event would end the process.
  pool.on('error', () => undefined)
  pool.on('connect', hearLosses)
  return pool
}

/** Statements of their own: one that ends with 40001 or 40P01 has done nothing and is sent again. */
function queryable(open: () => Promise<Connection>, clock: Clock): Queryable {
  return {
    query: (statement, values = []) =>
      retried({ clock, triesMax: TRIES_MAX_DEFAULT }, async () => {
        const connection = await open()
        try {
          return await connection.send(statement, values)
        } finally {
          connection.release()
        }
      }),
  }
}

async function askProfile(url: string, connectTimeoutMs: number): Promise<Profile> {
  try {
    const config = { connectionString: url, connectionTimeoutMillis: connectTimeoutMs }
    return profileOf(await withClient(config, versionOf))
  } catch (error) {
    throw toDatabaseError(error)
  }
}
