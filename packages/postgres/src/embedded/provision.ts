/**
 * Owns roles, databases and schemas of the services and of the bus; not one table. Safe to repeat, and twice at once.
 * I1: a service's role owns its schema and sees nobody else's; the bus's tables alone are shared.
 * I2: who may act as each service can do nothing as itself.
 * I3: passwords are computed, so that a second run gives the same ones: HMAC of the role under the given secret.
 */
import { createHmac } from 'node:crypto'
import type { Client } from 'pg'
import { firstRow, versionOf, withClient } from '../database/client.ts'
import { DatabaseError, toDatabaseError } from '../database/errors.ts'
import { quoteName } from '../database/settings.ts'
import { profileOf } from '../profile.ts'

export interface ProvisionOptions {
  readonly adminUrl: string
  /** With `database` the service gets one of its own, without it a schema in the shared one. */
  readonly services: readonly { readonly name: string; readonly database?: string }[]
  /** Secret that the roles' passwords are made of; the administrator's own password unless given. */
  readonly password?: string
  /** Where the bus lives: the shared database, or, if no service uses that, its own. */
  readonly busDatabase?: string
}

export interface Provisioned {
  readonly url: string
  readonly schema: string
  readonly database: string
  readonly role: string
}

export interface Provision {
  readonly services: Readonly<Record<string, Provisioned>>
  readonly bus: Provisioned
  /**
   * For a process that runs several of the services (`openSessions`): a role that may become each of theirs. null where
   * they do not share one database, or the administrator may not give such a role.
   */
  readonly together: string | null
}

const DATABASE_SHARED = 'ensemble'
const BUS = 'bus'
const NAME = /^[a-z][a-z0-9_-]{0,39}$/
/** No service's: their names begin with a letter. */
const ROLE_TOGETHER = 'ensemble__together'
/** PostgreSQL's word; where roles cannot be changed within a transaction nobody needs one. */
const WITHOUT_RIGHTS = 'noinherit'
const NOT_ALLOWED = '42501'
/** Any number, the same for everybody who provisions. */
const LOCK = 7_413_662_091
/** Already there, in the words of CREATE ROLE, DATABASE, SCHEMA, and of two that raced. */
const ALREADY_THERE = new Set(['42710', '42P04', '42P06', '23505'])
/** `tuple concurrently updated`, of a catalogue, which has no code of its own; and a role that two have given. */
const RACED = new Set(['XX000', '23505'])
const RACE_TRIES_MAX = 20

interface Place {
  readonly name: string
  readonly database: string
}

export async function provision(options: ProvisionOptions): Promise<Provision> {
  const { adminUrl, services } = options
  const hasShared = services.some(({ database }) => database === undefined)
  const busDatabase = options.busDatabase ?? (hasShared ? DATABASE_SHARED : BUS)
  const places = [...services, { name: BUS, database: busDatabase }].map(({ name, database }): Place => {
    if (!NAME.test(name)) throw new RangeError(`not a service name: ${name}`)
    return { name, database: database ?? DATABASE_SHARED }
  })
  const secret = options.password ?? decodeURIComponent(new URL(adminUrl).password)
  const found = places.map((place): [string, Provisioned] => [
    place.name,
    provisioned(place, adminUrl, secret),
  ])
  const [first] = places
  const isTogether = services.length > 1 && places.every(({ database }) => database === first?.database)
  let together: string | null = null
  await untilAlone(adminUrl, async (admin) => {
    await lock(admin)
    for (const [, { role, url }] of found)
      await makeRole(admin, role, decodeURIComponent(new URL(url).password))
    for (const database of new Set(places.map((place) => place.database))) await makeDatabase(admin, database)
    for (const place of places) {
      await inDatabase(at(adminUrl, place.database), (client) =>
        makeSchema(
          client,
          place,
          services.map(({ name }) => name),
        ),
      )
    }
    const roles = services.map(({ name }) => roleOf(name))
    const url = urlOf(ROLE_TOGETHER, at(adminUrl, busDatabase), secret)
    together = isTogether && (await makeTogether(admin, { url, roles, database: busDatabase })) ? url : null
  })
  const all = Object.fromEntries(found)
  const { [BUS]: bus, ...rest } = all
  if (bus === undefined) throw new RangeError('no bus')
  return { services: rest, bus, together }
}

function provisioned({ name, database }: Place, adminUrl: string, secret: string): Provisioned {
  const role = roleOf(name)
  return { url: urlOf(role, at(adminUrl, database), secret), schema: name, database, role }
}

function urlOf(role: string, at: string, secret: string): string {
  const url = new URL(at)
  url.username = role
  url.password = createHmac('sha256', secret).update(role).digest('hex')
  return url.href
}

function roleOf(service: string): string {
  return `ensemble_${service}`
}

function at(adminUrl: string, database: string): string {
  const url = new URL(adminUrl)
  url.pathname = `/${encodeURIComponent(database)}`
  return url.href
}

/** Held until the connection ends. */
async function lock(admin: Client): Promise<void> {
  // Only where canLockAdvisory: elsewhere it does nothing, and ALREADY_THERE is what makes a race harmless.
  await admin.query('select pg_advisory_lock($1::int8)', [LOCK]).catch(() => undefined)
}

async function makeRole(admin: Client, role: string, password: string): Promise<void> {
  const secret = admin.escapeLiteral(password)
  await create(admin, `create role ${quoteName(role)} login password ${secret}`)
  await admin.query(`alter role ${quoteName(role)} login password ${secret}`)
  // An administrator who is no superuser must be a member to give things to the role.
  const { all } = await firstRow(
    admin,
    'select rolsuper as "all" from pg_catalog.pg_roles where rolname = current_user',
  )
  if (all !== true) await admin.query(`grant ${quoteName(role)} to current_user`)
}

interface Together {
  readonly url: string
  readonly roles: readonly string[]
  readonly database: string
}

/** False where that is not to be had. */
async function makeTogether(admin: Client, { url, roles, database }: Together): Promise<boolean> {
  if (!profileOf(await versionOf(admin)).canVisit) return false
  const role = quoteName(ROLE_TOGETHER)
  try {
    await makeRole(admin, ROLE_TOGETHER, decodeURIComponent(new URL(url).password))
    // Before it is given a role: then it is decided what it may as itself.
    await admin.query(`alter role ${role} ${WITHOUT_RIGHTS}`)
    await admin.query(`grant ${roles.map(quoteName).join(', ')} to ${role}`)
    await admin.query(`grant connect on database ${quoteName(database)} to ${role}`)
    return true
  } catch (error) {
    if (toDatabaseError(error).sqlState === NOT_ALLOWED) return false
    throw error
  }
}

async function makeDatabase(admin: Client, database: string): Promise<void> {
  const { rows } = await admin.query('select 1 from pg_catalog.pg_database where datname = $1::text', [
    database,
  ])
  if (rows.length > 0) return
  await create(admin, `create database ${quoteName(database)}`)
  await admin.query(`revoke all on database ${quoteName(database)} from public`)
}

async function makeSchema(client: Client, place: Place, services: readonly string[]): Promise<void> {
  const { name, database } = place
  const role = quoteName(roleOf(name))
  const schema = quoteName(name)
  await client.query(`grant connect on database ${quoteName(database)} to ${role}`)
  await create(client, `create schema if not exists ${schema} authorization ${role}`)
  if (name !== BUS) return
  for (const service of services) {
    const other = quoteName(roleOf(service))
    const defaults = `alter default privileges for role ${role} in schema ${schema}`
    await client.query(`grant connect on database ${quoteName(database)} to ${other}`)
    await client.query(`grant usage on schema ${schema} to ${other}`)
    await client.query(`grant select, insert, update, delete on all tables in schema ${schema} to ${other}`)
    await client.query(`${defaults} grant select, insert, update, delete on tables to ${other}`)
  }
}

async function create(client: Client, ddl: string): Promise<void> {
  try {
    await client.query(ddl)
  } catch (error) {
    const failure = toDatabaseError(error)
    if (!ALREADY_THERE.has(failure.sqlState ?? '')) throw failure
  }
}

/** The lock is of one database, roles are the server's: who came through another database raced, and tries again. */
async function untilAlone(url: string, work: (client: Client) => Promise<void>): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await inDatabase(url, work)
      return
    } catch (error) {
      const isRaced = error instanceof DatabaseError && RACED.has(error.sqlState ?? '')
      if (!isRaced || tries >= RACE_TRIES_MAX) throw error
    }
  }
}

async function inDatabase(url: string, work: (client: Client) => Promise<void>): Promise<void> {
  try {
    await withClient({ connectionString: url }, work)
  } catch (error) {
    throw toDatabaseError(error)
  }
}
