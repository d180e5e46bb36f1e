// Owns: a service's database as the engine's port: the same database, with the stores and with MOVED told
// apart.
import type { Database, Queryable, Result } from '@ensemble/runtime'
import type { Database as SqlDatabase } from './database/types.ts'
import { stores } from './store/stores.ts'

export type EngineDatabase = SqlDatabase & Database

export function engineDatabase(database: SqlDatabase): EngineDatabase {
  return { ...database, stores, home: database.seat?.sessions }
}

export function isEngineDatabase(database: Database): database is EngineDatabase {
  return 'listen' in database && 'notify' in database && 'profile' in database
}

/** What a team's own client or transaction answers: `pg` says `rowCount`, others a bare list of rows. */
type ForeignResult =
  | readonly Record<string, unknown>[]
  | { readonly rows: readonly Record<string, unknown>[]; readonly rowCount?: number | null }

interface Foreign {
  query(text: string, values?: unknown[]): PromiseLike<ForeignResult>
}

/** A team's own client or transaction as `start` and `put` take it. */
export function asQueryable(foreign: Foreign): Queryable {
  return {
    query: async (statement, values = []): Promise<Result> => {
      const text = typeof statement === 'string' ? statement : statement.text
      const result = await foreign.query(text, [...values])
      if ('rows' in result) return { rows: result.rows, count: result.rowCount ?? result.rows.length }
      return { rows: result, count: result.length }
    },
  }
}
