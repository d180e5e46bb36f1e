// Owns: an empty database with this service's migrations run, for the tests of its store.
import { fileURLToPath } from 'node:url'
import { DatabaseError, migrate, openDatabase, type Database } from '@ensemble/postgres'
import { freshDatabase } from '@ensemble/postgres/testing'

export const SCHEMA = 'payment'
export const directory = fileURLToPath(new URL('../migrations', import.meta.url))

export interface Place {
  readonly url: string
  readonly database: Database
  end(): Promise<void>
}

export async function migrated(): Promise<Place> {
  const { url, drop } = await freshDatabase(`${SCHEMA}-store`)
  await migrate(url, { schema: SCHEMA, directory, direction: 'up' })
  const database = await openDatabase({ name: SCHEMA, url, schema: SCHEMA })
  return {
    url,
    database,
    end: async () => {
      await database.close()
      await drop()
    },
  }
}

/** SQLSTATE of a refusal, `none` when there was none. */
export async function refusalOf(work: Promise<unknown>): Promise<string> {
  try {
    await work
    return 'none'
  } catch (error) {
    if (error instanceof DatabaseError) return error.sqlState ?? error.code
    throw error
  }
}
