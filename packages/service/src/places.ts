// Owns: where each service's tables and the bus's tables are, and bringing them up to date.
// I1: a name in DATABASE_URL is the one database of all, or the first part of each one's name; `ensemble`
// without one.
// I2: the bus is migrated by its own role, before any service, so that what it grants covers its tables.
import { fileURLToPath } from 'node:url'
import {
  BUS_MIGRATIONS,
  ENGINE_MIGRATIONS,
  migrate,
  provision,
  type MigrateOptions,
  type Provisioned,
} from '@ensemble/postgres'
import { variableOf, type Environment } from './config.ts'
import type { Say } from './logger.ts'
import type { ServiceModule } from './module.ts'
import { checkDatabase, naming, otherLayout } from './reach.ts'

export interface Place {
  readonly url: string
  readonly readUrl?: string | undefined
  readonly schema: string
}

export interface Places {
  readonly services: Readonly<Record<string, Place>>
  readonly bus: Place
  /** Of a role that may become each service's; undefined where they do not share one database. */
  readonly together?: string | undefined
}

export interface Layout {
  readonly services: readonly string[]
  /** Somebody who may create databases and roles. */
  readonly adminUrl: string
  /** A read endpoint of that server: the same databases, roles and passwords. */
  readonly readUrl?: string | undefined
  readonly isSeparate: boolean
  /** Hears that the server holds data which this layout does not use. */
  readonly say?: Say | undefined
}

export class PlaceUnknown extends Error {
  override readonly name = 'PlaceUnknown'
  readonly code = 'PLACE_UNKNOWN'
}

export const BUS = 'bus'
const DATABASE_DEFAULT = 'ensemble'
const DATABASE_OF_NOBODY = 'postgres'
const ENGINE_TABLE = 'engine_migrations'
const OWN_TABLE = 'migrations'
const SERVER_VARIABLE = 'DATABASE_URL'
const READ_VARIABLE = 'DATABASE_READ_URL'

/**
 * Makes databases, schemas and roles that are missing, and says where they are.
 * Errors: DatabaseUnusable naming `DATABASE_URL` or `DATABASE_READ_URL`.
 */
export async function makePlaces({ services, adminUrl, readUrl, isSeparate, say }: Layout): Promise<Places> {
  const named = decodeURIComponent(new URL(adminUrl).pathname.slice(1))
  const first = named === '' || named === DATABASE_OF_NOBODY ? DATABASE_DEFAULT : named
  const databaseOf = (name: string): string => (isSeparate ? `${first}_${name}` : first)
  await checkDatabase(SERVER_VARIABLE, adminUrl)
  if (readUrl !== undefined) await checkDatabase(READ_VARIABLE, readUrl)
  const made = await naming({ variable: SERVER_VARIABLE, url: adminUrl }, () =>
    provision({
      adminUrl,
      services: services.map((name) => ({ name, database: databaseOf(name) })),
      busDatabase: databaseOf(BUS),
    }),
  )
  if (say !== undefined) {
    const own = Object.fromEntries([...services, BUS].map((name) => [name, `${first}_${name}`]))
    // Advice only: who may not look there starts all the same.
    const other = await otherLayout({ adminUrl, shared: first, own, isSeparate }).catch(() => undefined)
    if (other !== undefined) say(other)
  }
  const placeOf = ({ url, schema }: Provisioned): Place => ({
    url,
    schema,
    ...(readUrl !== undefined && { readUrl: elsewhere(url, readUrl) }),
  })
  return {
    services: Object.fromEntries(Object.entries(made.services).map(([name, one]) => [name, placeOf(one)])),
    bus: placeOf(made.bus),
    together: made.together ?? undefined,
  }
}

/** The same database for the same role, at another endpoint with that one's own parameters. */
function elsewhere(url: string, endpoint: string): string {
  const { username, password, pathname } = new URL(url)
  return Object.assign(new URL(endpoint), { username, password, pathname }).href
}

/**
 * The places of `asked` as the environment names them; what it does not name is made in `DATABASE_URL`.
 * Errors: PlaceUnknown naming the variables that would help, DatabaseUnusable naming one that does not.
 */
export async function findPlaces(environment: Environment, { asked, services, say }: Asked): Promise<Places> {
  const { databaseUrl: adminUrl, databaseReadUrl: readUrl, databaseUrls, databaseReadUrls } = environment
  const { separateDatabases: isSeparate } = environment
  const missing = asked.filter((name) => name !== BUS && databaseUrls[name] === undefined)
  const layout = { services, readUrl, isSeparate, say }
  const made = adminUrl === undefined ? undefined : await makePlaces({ ...layout, adminUrl })
  if (made === undefined && missing.length > 0) {
    const own = missing.map((name) => `${variableOf(name)}_DATABASE_URL`).join(' and ')
    throw new PlaceUnknown(`no database: set ${own}, or DATABASE_URL to make databases on that server`)
  }
  const placeOf = (name: string): Place | undefined => {
    const url = databaseUrls[name]
    return url === undefined ? made?.services[name] : { url, readUrl: databaseReadUrls[name], schema: name }
  }
  const found = asked.flatMap((name) => {
    const place = placeOf(name)
    return place === undefined ? [] : [[name, place] as const]
  })
  const busUrl = databaseUrls[BUS]
  const bus = busUrl === undefined ? (made?.bus ?? besides(found[0]?.[1])) : { url: busUrl, schema: BUS }
  if (bus === undefined)
    throw new PlaceUnknown('no database for the bus: set BUS_DATABASE_URL or DATABASE_URL')
  await checkNamed(environment, [...asked, BUS])
  const together = asked.some((name) => databaseUrls[name] !== undefined) ? undefined : made?.together
  return { services: Object.fromEntries(found), bus, together }
}

interface Asked {
  readonly asked: readonly string[]
  readonly services: readonly string[]
  /** Hears what somebody who starts services should know. */
  readonly say?: Say
}

async function checkNamed(environment: Environment, names: readonly string[]): Promise<void> {
  const kinds = [
    [SERVER_VARIABLE, environment.databaseUrls],
    [READ_VARIABLE, environment.databaseReadUrls],
  ] as const
  for (const name of new Set(names)) {
    for (const [suffix, urls] of kinds) {
      const url = urls[name]
      if (url !== undefined) await checkDatabase(`${variableOf(name)}_${suffix}`, url)
    }
  }
}

/** Whoever names one database for a service and none for the bus has both in it. */
function besides(place: Place | undefined): Place | undefined {
  return place === undefined ? undefined : { url: place.url, schema: BUS }
}

/** Whether both are in one database, so that one transaction can write both. */
export function isTogether(left: Place, right: Place): boolean {
  const where = ({ url }: Place): string => {
    const { hostname, port, pathname } = new URL(url)
    return `${hostname}:${port || '5432'}${pathname}`
  }
  return where(left) === where(right)
}

export interface Step {
  readonly direction: MigrateOptions['direction']
  /** All of them upwards and one downwards unless given. */
  readonly count?: number | undefined
}

const ALL_UP: Step = { direction: 'up' }

/** Answers the names of the migrations that ran. */
export async function migrateBus(place: Place, step: Step = ALL_UP): Promise<readonly string[]> {
  return await migrateSets(place, step, [{ directory: fileURLToPath(BUS_MIGRATIONS), table: OWN_TABLE }])
}

export async function migrateService(
  place: Place,
  module: Pick<ServiceModule, 'migrations'>,
  step: Step = ALL_UP,
): Promise<readonly string[]> {
  const own =
    module.migrations === null ? [] : [{ directory: fileURLToPath(module.migrations), table: OWN_TABLE }]
  return await migrateSets(place, step, [
    { directory: fileURLToPath(ENGINE_MIGRATIONS), table: ENGINE_TABLE },
    ...own,
  ])
}

async function migrateSets(
  { url, schema }: Place,
  { direction, count }: Step,
  directories: NonNullable<MigrateOptions['directories']>,
): Promise<readonly string[]> {
  return await migrate(url, { schema, directories, direction, ...(count !== undefined && { count }) })
}
