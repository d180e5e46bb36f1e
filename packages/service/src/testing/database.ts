// Owns: an empty database with one service's own migrations run, and a table of it, for the tests of its store.
import { fileURLToPath } from 'node:url'
import { DatabaseError, migrate, openDatabase, type Database } from '@ensemble/postgres'
import { freshDatabase } from '@ensemble/postgres/testing'
import type { Rows } from '@ensemble/runtime'
import type { Step } from '../places.ts'

export interface MigratedDatabase {
  readonly database: Database
  /** Answers the names of the migrations that ran. */
  migrate(step: Step): Promise<readonly string[]>
  /** Removes it. */
  end(): Promise<void>
}

/** The service's own tables, without the engine's, in a schema of its name. */
export async function migratedDatabase(service: string, migrations: URL): Promise<MigratedDatabase> {
  const { url, drop } = await freshDatabase(`${service}-store`)
  const directory = fileURLToPath(migrations)
  const run = ({ direction, count }: Step): Promise<readonly string[]> =>
    migrate(url, { schema: service, directory, direction, ...(count !== undefined && { count }) })
  await run({ direction: 'up' })
  const database = await openDatabase({ name: service, url, schema: service })
  return {
    database,
    migrate: run,
    end: async () => {
      await database.close()
      await drop()
    },
  }
}

export interface StoredTable<State> {
  readonly insert: (...states: readonly State[]) => Promise<void>
  readonly update: (...states: readonly State[]) => Promise<void>
  readonly load: (...keys: readonly string[]) => Promise<ReadonlyMap<string, State>>
}

/** Each call is a transaction. `place` is asked when one is made: a test's database is there only once it runs. */
export function tableOf<State>(
  place: () => MigratedDatabase,
  rows: Rows<State>,
  keyOf: (state: State) => string,
): StoredTable<State> {
  const rowsOf = (states: readonly State[]) => states.map((state) => ({ key: keyOf(state), state }))
  return {
    insert: (...states) => place().database.transaction((tx) => rows.insert(tx, rowsOf(states))),
    update: (...states) => place().database.transaction((tx) => rows.update(tx, rowsOf(states))),
    load: (...keys) => place().database.transaction((tx) => rows.load(tx, keys)),
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
