// Owns: asking CockroachDB's own grammar about a statement: that of its published parser, or that of a server
// (`SHOW SYNTAX`, which runs nothing).
// Does not own the rules, which need neither.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { openDatabase, PROFILES } from '@ensemble/postgres'
import type { Queryable } from '@ensemble/postgres'

/** Why the statement is refused; undefined when it is not. */
export type Grammar = (text: string) => Promise<string | undefined>

/** `program` is the published parser, built. */
export async function withParserGrammar<T>(
  program: string,
  work: (grammar: Grammar) => Promise<T>,
): Promise<T> {
  const child = spawn(program, [], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  try {
    return await work(async (text) => {
      child.stdin.write(`${JSON.stringify(text)}\n`)
      const { value, done } = await lines.next()
      if (done === true) throw new RangeError('the parser ended')
      const fault: unknown = JSON.parse(value)
      return fault === '' ? undefined : String(fault)
    })
  } finally {
    child.stdin.end()
  }
}

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
