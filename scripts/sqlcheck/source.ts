// Owns: finding the project's SQL: every .sql file, and the texts in .ts files that are SQL, outside tests.
// Does not own: any rule about it, reading from disk.
// I1: a text in a .ts file is SQL when it begins like a statement and the parser takes it; `${...}` stands for a name,
// or for a statement where a name cannot stand.
// I2: transaction control (BEGIN, COMMIT, SAVEPOINT and their kin) is not looked at: transaction.ts alone sends it.
import type { Profile } from '@ensemble/postgres'
import { baseName, isTest, lineAt, parse, walk } from '../tidy/source.ts'
import type { Source, TextFile } from '../tidy/source.ts'
import { childOf, nameIn, parseSql, tableOf } from './tree.ts'
import type { TreeNode } from './tree.ts'

export type Capability = Exclude<keyof Profile, 'name' | 'version'>

export interface Sql {
  readonly path: string
  /** Of the text's first line in its file. */
  readonly line: number
  readonly text: string
  /** A migration changes tables, once; all else runs whenever. */
  readonly isMigration: boolean
  readonly isInline: boolean
  /** What the comment in front of it says. */
  readonly comment: string
  /** Empty where `error` says why. */
  readonly statements: readonly (readonly TreeNode[])[]
  readonly error: { readonly message: string; readonly at: number } | undefined
}

const FOLDERS = /^(?:packages|services|apps|benchmarks|examples)\//
/** Servers for tests are always PostgreSQL, as those of comparisons; only it tells what measurements ask. */
const FOR_TESTS = /\/testing(?:[-./]|$)|^apps\/crashpoints\/|^benchmarks\/(?:measure|peers)\//
const VERBS =
  String.raw`\s*(?:select|insert into|update|delete from|with|create|alter|drop|truncate|grant|revoke|listen|` +
  String.raw`unlisten|notify|lock table|do|copy|declare|set)\s`
const BEGINS = new RegExp(String.raw`^${VERBS}\s*\S`, 'i')
/** Spares parsing files that have no such text. */
const MAY_HOLD_SQL = new RegExp(`['"\`]${VERBS}`, 'i')
const NAME = 'x'
const STATEMENT = 'SELECT x.x FROM x'

/** The parser must be loaded (`loadModule`). */
export function sqlIn(files: readonly TextFile[]): readonly Sql[] {
  return files
    .filter(isLookedAt)
    .flatMap((file) => (file.path.endsWith('.sql') ? [ofFile(file)] : inCode(file)))
}

function isLookedAt({ path }: TextFile): boolean {
  if (!FOLDERS.test(path) || isTest(path) || FOR_TESTS.test(path)) return false
  return path.endsWith('.sql') || path.endsWith('.ts')
}

function ofFile({ path, text }: TextFile): Sql {
  const comment = /^(?:\s*--[^\n]*\n)*/.exec(text)?.[0] ?? ''
  const isMigration = /\/migrations[^/]*\//.test(path)
  return { path, line: 1, text, isMigration, isInline: false, comment, ...parsed(text) }
}

function inCode(file: TextFile): readonly Sql[] {
  if (!MAY_HOLD_SQL.test(file.text)) return []
  const source = parse(file)
  const found: Sql[] = []
  walk(source.program, (node) => {
    if (node.type === 'Literal' && typeof node.value === 'string')
      found.push(...inline(source, node, [node.value]))
    if (node.type === 'TemplateLiteral') {
      found.push(
        ...inline(
          source,
          node,
          node.quasis.map(({ value }) => value.cooked ?? ''),
        ),
      )
    }
  })
  return found
}

function inline(
  source: Source,
  { start }: { readonly start: number },
  parts: readonly string[],
): readonly Sql[] {
  if (!BEGINS.test(parts.join(NAME))) return []
  for (const stand of [NAME, STATEMENT]) {
    const text = parts.join(stand)
    const result = parsed(text)
    if (result.error !== undefined) continue
    const line = lineAt(source, start)
    return [
      {
        path: source.path,
        line,
        text,
        isMigration: false,
        isInline: true,
        comment: above(source, line),
        ...result,
      },
    ]
  }
  return []
}

/** The comment that ends on the line before. */
function above(source: Source, line: number): string {
  const ends = source.comments.filter(({ end }) => lineAt(source, end - 1) === line - 1)
  return ends.map(({ value }) => value).join('\n')
}

function parsed(text: string): Pick<Sql, 'statements' | 'error'> {
  try {
    return { ...parseSql(text), error: undefined }
  } catch (error) {
    return { statements: [], error: errorOf(error) }
  }
}

function errorOf(error: unknown): NonNullable<Sql['error']> {
  if (!(error instanceof Error)) throw error
  const details: unknown = 'sqlDetails' in error ? error.sqlDetails : undefined
  const at =
    typeof details === 'object' && details !== null && 'cursorPosition' in details
      ? details.cursorPosition
      : 0
  return { message: error.message, at: typeof at === 'number' ? at : 0 }
}

/** Line in the file of a place in the text; the parser counts bytes. */
export function lineOf({ line, text }: Pick<Sql, 'line' | 'text'>, at: number): number {
  return line + Buffer.from(text).subarray(0, at).toString().split('\n').length - 1
}

export function nameOf({ path }: Pick<Sql, 'path'>): string {
  return baseName(path)
}

/** What migrations made. */
export interface Schema {
  /** Tables whose rows have a `version int8`, which counts their changes; a plan's version is an int4. */
  readonly versioned: ReadonlySet<string>
  readonly uniqueIndexes: ReadonlySet<string>
}

export function schemaOf(all: readonly Sql[]): Schema {
  const nodes = all.filter(({ isMigration }) => isMigration).flatMap(({ statements }) => statements.flat())
  const versions = nodes.filter(
    (node) => node.type === 'ColumnDef' && node.fields['colname'] === 'version' && typeIn(node) === 'int8',
  )
  const uniques = nodes.filter(({ type, fields }) => type === 'IndexStmt' && fields['unique'] === true)
  return {
    versioned: new Set(versions.flatMap(({ ancestors }) => ancestors.slice(0, 1).map(tableOf))),
    uniqueIndexes: new Set(uniques.map(({ fields }) => String(fields['idxname']))),
  }
}

function typeIn(node: TreeNode): string {
  return nameIn(childOf(node, 'typeName')?.['names'])
}
