// Owns: the first word with a database that somebody named: whether it can be used, and what else its server holds.
// I1: what cannot be used is told in one line that names the variable, the server and the fix, never the password.
import { DatabaseError, openDatabase, type Database } from '@ensemble/postgres'

/** A database that a variable names cannot be used. */
export class DatabaseUnusable extends Error {
  override readonly name = 'DatabaseUnusable'
  readonly code = 'DATABASE_UNUSABLE'
}

/** Errors: DatabaseUnusable. */
export async function checkDatabase(variable: string, url: string): Promise<void> {
  await naming({ variable, url }, () => inDatabase(url, (database) => database.ping()))
}

/** What fails in `work` because of the database at `url` names the variable that named it. */
export async function naming<T>(
  { variable, url }: { readonly variable: string; readonly url: string },
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error
    const fix = fixOf(error)
    if (fix === undefined) throw error
    const why = reasonOf(error).replaceAll('\n', ' ')
    throw new DatabaseUnusable(`${variable}: cannot ${fix.what} ${hostOf(url)} (${why}): ${fix.how}`, {
      cause: error,
    })
  }
}

interface Fix {
  readonly what: string
  readonly how: string
}

const RIGHT_MISSING = '42501'
const DATABASE_MISSING = '3D000'

function fixOf({ code, sqlState = '' }: DatabaseError): Fix | undefined {
  if (sqlState === RIGHT_MISSING)
    return {
      what: 'make databases and roles on',
      how: 'name a user who may (CREATEDB and CREATEROLE), or databases that are there: <SERVICE>_DATABASE_URL',
    }
  if (code !== 'CONNECTION' && code !== 'TIMEOUT') return undefined
  if (sqlState === DATABASE_MISSING)
    return { what: 'connect to', how: 'create that database or correct the variable' }
  if (sqlState.startsWith('28'))
    return { what: 'connect to', how: 'correct the user or the password in the variable' }
  return { what: 'connect to', how: 'start that server or correct the variable' }
}

/** A name with several addresses fails with one error for each, and no words of its own. */
function reasonOf(error: DatabaseError): string {
  const { cause } = error
  if (!(cause instanceof AggregateError)) return error.message
  const reasons = cause.errors.map((one: unknown) => (one instanceof Error ? one.message : String(one)))
  return [...new Set(reasons)].join(', ')
}

function hostOf(url: string): string {
  const { hostname, port } = new URL(url)
  return `${hostname}:${port || '5432'}`
}

interface Server {
  readonly adminUrl: string
  /** Where everything is when services share a database. */
  readonly shared: string
  /** Each name's own database, otherwise. */
  readonly own: Readonly<Record<string, string>>
  readonly isSeparate: boolean
}

/** A word about the layout that is not used, where the server holds data in it. */
export async function otherLayout({
  adminUrl,
  shared,
  own,
  isSeparate,
}: Server): Promise<string | undefined> {
  const found = isSeparate
    ? await schemasIn(adminUrl, shared, Object.keys(own))
    : await databasesIn(adminUrl, Object.values(own))
  if (found.length === 0) return undefined
  const where = isSeparate
    ? `database ${shared}, schemas ${found.join(', ')}`
    : `databases ${found.join(', ')}`
  const switched = isSeparate ? 'without' : 'with'
  return (
    `this server also holds data of the other layout (${where}), not used now; ` +
    `it is used when started ${switched} --separate-databases`
  )
}

async function databasesIn(adminUrl: string, names: readonly string[]): Promise<readonly string[]> {
  return await namesOf(
    adminUrl,
    `SELECT datname AS name FROM pg_catalog.pg_database
    WHERE datname = ANY ($1::text[]) ORDER BY datname ASC NULLS LAST`,
    names,
  )
}

async function schemasIn(
  adminUrl: string,
  database: string,
  names: readonly string[],
): Promise<readonly string[]> {
  if ((await databasesIn(adminUrl, [database])).length === 0) return []
  const url = new URL(adminUrl)
  url.pathname = `/${encodeURIComponent(database)}`
  return await namesOf(
    url.href,
    `SELECT nspname AS name FROM pg_catalog.pg_namespace
    WHERE nspname = ANY ($1::text[]) ORDER BY nspname ASC NULLS LAST`,
    names,
  )
}

async function namesOf(url: string, query: string, names: readonly string[]): Promise<readonly string[]> {
  const { rows } = await inDatabase(url, (database) => database.query(query, [names]))
  return rows.map((row) => String(row['name']))
}

async function inDatabase<T>(url: string, work: (database: Database) => Promise<T>): Promise<T> {
  const database = await openDatabase({ name: 'start', url, applicationName: 'ensemble start' })
  try {
    return await work(database)
  } finally {
    await database.close()
  }
}
