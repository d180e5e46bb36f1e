/**
 * Owns reading one `.sql` file into a named statement.
 * I1: a changed text is another name, so no session keeps an old plan.
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface Statement {
  readonly name: string
  readonly text: string
}

/** PostgreSQL cuts longer identifiers, and two cut names could be one. */
const NAME_LENGTH_MAX = 63
const HASH_LENGTH = 8

/** What must stay whole (strings, quoted names, dollar quotes), then what is dropped (comments). */
const QUOTED_OR_COMMENT =
  /('(?:[^']|'')*'|"(?:[^"]|"")*"|(\$(?:[A-Za-z_]\w*)?\$)[\s\S]*?\2)|--[^\n]*|\/\*[\s\S]*?\*\//g

export function withoutComments(sql: string): string {
  return sql
    .replace(QUOTED_OR_COMMENT, (_match, quoted: string | undefined) => quoted ?? ' ')
    .replace(/[ \t]+$/gm, '')
    .replace(/\n{2,}/g, '\n')
    .trim()
    .replace(/\s*;$/, '')
}

export function statementOf(fileName: string, sql: string): Statement {
  const text = withoutComments(sql)
  const hash = createHash('sha256').update(text).digest('hex').slice(0, HASH_LENGTH)
  const stem = basename(fileName, '.sql').slice(0, NAME_LENGTH_MAX - HASH_LENGTH - 1)
  return { name: `${stem}_${hash}`, text }
}

/** Reads the file when the module is loaded: a missing file stops the start, not the first request. */
export function sqlFile(url: URL): Statement {
  const path = fileURLToPath(url)
  return statementOf(path, readFileSync(path, 'utf8'))
}

/** The statements of a folder by name, without `.sql`: `const sql = sqlFolder(new URL('./sql/', import.meta.url))`. */
export function sqlFolder(folder: URL): (name: string) => Statement {
  return (name) => sqlFile(new URL(`${name}.sql`, folder))
}
