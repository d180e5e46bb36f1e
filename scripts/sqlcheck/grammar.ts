// Owns: asking a CockroachDB server's own parser about a statement (`SHOW SYNTAX`), which runs nothing.
// Does not own the rules, which need no server.
import { openDatabase, PROFILES } from '@ensemble/postgres'
import type { Queryable } from '@ensemble/postgres'

/** Why the statement is refused; undefined when it is not. */
export type Grammar = (text: string) => Promise<string | undefined>

export async function withServerGrammar<T>(url: string, work: (grammar: Grammar) => Promise<T>): Promise<T> {
  const database = await openDatabase({ name: 'sqlcheck', url, profile: PROFILES.cockroach })
  try {
    return await work(grammarOf(database))
  } finally {
    await database.close()
  }
}

/** It answers rows of a field and a message: `sql` for each statement it understood, or `error` and more about it. */
export function grammarOf(database: Queryable): Grammar {
  return async (text) => {
    const { rows } = await database.query(`SHOW SYNTAX '${text.replaceAll("'", "''")}'`)
    const refusal = rows.find((row) => row['field'] === 'error')
    return refusal === undefined ? undefined : String(refusal['message'])
  }
}
