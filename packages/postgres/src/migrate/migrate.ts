/**
 * Owns running `.up.sql`/`.down.sql` pairs of one service's schema, up or down. Does not own their content.
 * I1: the `sql` loader is named for `.sql`: the library's default would run a `.down.sql` file as a step up.
 * I2: one runner at a time per schema: an advisory lock, or where that excludes nobody a lease row.
 * I3: each set of files has its own table: the engine's and a service's migrations have no common order.
 */
import { readdir } from 'node:fs/promises'
import { runner } from 'node-pg-migrate'
import type { RunnerOption } from 'node-pg-migrate'
import type { Client } from 'pg'
import { versionOf, withClient } from '../database/client.ts'
import { systemClock } from '../database/clock.ts'
import type { Clock } from '../database/clock.ts'
import { toDatabaseError } from '../database/errors.ts'
import { quoteName } from '../database/settings.ts'
import { profileOf } from '../profile.ts'
import type { Profile } from '../profile.ts'
import { underLease } from './lease.ts'

export interface MigrationSet {
  readonly directory: string
  /** Remembers, inside the schema, what has run. */
  readonly table: string
}

export interface MigrateOptions {
  readonly schema: string
  /** One set, remembered in `migrations`; or several, run in this order and taken back in the opposite one. */
  readonly directory?: string
  readonly directories?: readonly MigrationSet[]
  readonly direction: 'up' | 'down'
  /** How many steps, over all sets; all of them upwards and one downwards unless given. */
  readonly count?: number
  readonly profile?: Profile
  readonly clock?: Clock
  readonly log?: (line: string) => void
}

const MIGRATIONS_TABLE = 'migrations'
const FILE_NAME = /^\d+_[a-z0-9_-]+\.(up|down)\.sql$/

export class MigrationError extends Error {
  override readonly name = 'MigrationError'
  readonly code: 'FILE_NAME' | 'PAIR_MISSING' | 'FAILED'
  /** Of the server, where it refused a statement. */
  readonly sqlState: string | undefined

  constructor(
    code: MigrationError['code'],
    message: string,
    detail: { sqlState?: string | undefined; cause?: unknown } = {},
  ) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause })
    this.code = code
    this.sqlState = detail.sqlState
  }
}

/** Answers the names of what ran, in that order. */
export async function migrate(url: string, options: MigrateOptions): Promise<readonly string[]> {
  const sets = setsOf(options)
  for (const { directory } of sets) await checkFiles(directory)
  const { schema, direction, clock = systemClock } = options
  const work = async (client: Client): Promise<readonly string[]> => {
    const profile = options.profile ?? profileOf(await versionOf(client))
    await makeSchema(client, schema)
    const run = () => runSets(client, sets, options, profile)
    return profile.canLockAdvisory ? run() : underLease({ url, schema, clock }, run)
  }
  try {
    return await withClient({ connectionString: url, application_name: `migrate ${schema}` }, work)
  } catch (error) {
    const failure = toDatabaseError(error)
    const message = `migrations of schema ${schema} (${direction}): ${failure.message}`
    throw new MigrationError('FAILED', message, { sqlState: failure.sqlState, cause: error })
  }
}

function setsOf({ directory, directories, direction }: MigrateOptions): readonly MigrationSet[] {
  const one = directory === undefined ? [] : [{ directory, table: MIGRATIONS_TABLE }]
  const sets = [...one, ...(directories ?? [])]
  return direction === 'up' ? sets : sets.toReversed()
}

/** A file of another form would be skipped or, worse, run as something else. */
async function checkFiles(directory: string): Promise<void> {
  const names = (await readdir(directory)).filter((name) => !name.startsWith('.'))
  for (const name of names) {
    const direction = FILE_NAME.exec(name)?.[1]
    if (direction === undefined)
      throw new MigrationError('FILE_NAME', `not <number>_<name>.(up|down).sql: ${name}`)
    const pair = name.replace(/\.(up|down)\.sql$/, direction === 'up' ? '.down.sql' : '.up.sql')
    if (!names.includes(pair)) throw new MigrationError('PAIR_MISSING', `${name} has no ${pair} beside it`)
  }
}

/** Asked first: CREATE SCHEMA IF NOT EXISTS needs a right that a service's role does not have. */
async function makeSchema(client: Client, schema: string): Promise<void> {
  const { rows } = await client.query('select 1 from pg_catalog.pg_namespace where nspname = $1::text', [
    schema,
  ])
  if (rows.length > 0) return
  try {
    await client.query(`create schema if not exists ${quoteName(schema)}`)
  } catch (error) {
    const failure = toDatabaseError(error)
    const isRace = failure.sqlState === '23505' || failure.sqlState === '42P06'
    if (!isRace) throw failure
  }
}

async function runSets(
  client: Client,
  sets: readonly MigrationSet[],
  options: MigrateOptions,
  profile: Profile,
): Promise<readonly string[]> {
  const done: string[] = []
  const total = options.count ?? (options.direction === 'down' ? 1 : Infinity)
  for (const set of sets) {
    const left = total - done.length
    // Zero would mean "all" to the library's slice from the end.
    if (left <= 0) break
    const ran = await runner(
      runnerOptions(client, set, options, { count: left, noLock: !profile.canLockAdvisory }),
    )
    done.push(...ran.map(({ name }) => name))
  }
  return done
}

export function runnerOptions(
  dbClient: Client,
  set: MigrationSet,
  { schema, direction, log }: Pick<MigrateOptions, 'schema' | 'direction' | 'log'>,
  { count, noLock }: { readonly count: number; readonly noLock: boolean },
): RunnerOption {
  return {
    dbClient,
    dir: set.directory,
    schema,
    migrationsTable: set.table,
    direction,
    count,
    migrationLoaderStrategies: [{ extensions: ['.sql'], loader: 'sql' }],
    // One DDL statement per transaction is all that CockroachDB can take back.
    singleTransaction: false,
    noLock,
    advisoryLockMode: 'wait',
    checkOrder: true,
    log: log ?? (() => undefined),
  }
}
