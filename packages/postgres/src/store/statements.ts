// Owns: loading this package's statements by name. Does not own their text (sql/).
import { sqlFile } from '../database/statement.ts'
import type { Statement } from '../database/statement.ts'

export function statement(name: string): Statement {
  return sqlFile(new URL(`../../sql/${name}.sql`, import.meta.url))
}
