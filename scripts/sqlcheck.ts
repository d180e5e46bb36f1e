// Owns: `npm run sqlcheck`: every statement and migration against the rules, against CockroachDB's published grammar
// where Go is, and with COCKROACH_URL against the parser of that server instead.
// Does not own the rules (scripts/sqlcheck/), which are pure and are tested on planted violations.
// I1: seeing too few statements is a failure, so a wrong folder never looks green.
// I2: what was asked is said, or why not: in the last line.
// Exit codes: 0 nothing found, 1 violations, 3 the server was named and cannot be asked.
import { DatabaseError } from '@ensemble/postgres'
import { loadModule } from 'libpg-query'
import { fileURLToPath } from 'node:url'
import { isBrokerUnavailable } from '@ensemble/kafka/broker'
import { PARSER_NAME, parserProgram } from './servers/programs.ts'
import { withParserGrammar, withServerGrammar } from './sqlcheck/grammar.ts'
import type { Grammar } from './sqlcheck/grammar.ts'
import { lint } from './sqlcheck/rules.ts'
import { sqlIn } from './sqlcheck/source.ts'
import type { Sql } from './sqlcheck/source.ts'
import type { TextFile, Violation } from './tidy/source.ts'
import { readTree } from './tidy/tree.ts'

const SQL_COUNT_MIN = 200
const EXIT_NOT_ASKED = 3
export const CACHE = fileURLToPath(new URL('../.tmp/sqlcheck', import.meta.url))

export interface Checked {
  readonly statements: number
  readonly migrations: number
  readonly inline: number
  readonly violations: readonly Violation[]
}

/** `grammar` is asked too when it is given. */
export async function check(files: readonly TextFile[], grammar?: Grammar): Promise<Checked> {
  await loadModule()
  const all = sqlIn(files)
  const refused = grammar === undefined ? [] : await refusals(all, grammar)
  const migrations = all.filter(({ isMigration }) => isMigration).length
  const inline = all.filter(({ isInline }) => isInline).length
  const violations = [...lint(all), ...refused]
  return { statements: all.length - migrations - inline, migrations, inline, violations }
}

/** A statement that says it is for another database is not asked about. */
async function refusals(all: readonly Sql[], grammar: Grammar): Promise<readonly Violation[]> {
  const violations: Violation[] = []
  for (const { path, line, text, comment } of all) {
    const message = comment.includes('Only where ') ? undefined : await grammar(text)
    if (message !== undefined) violations.push({ path, line, rule: 'grammar', message })
  }
  return violations
}

export function report({ statements, migrations, inline, violations }: Checked): readonly string[] {
  const counts = `${statements} statements, ${migrations} migrations, ${inline} in code`
  return [
    ...violations.map(({ path, line, rule, message }) => `${path}:${line} ${rule} ${message}`),
    `sqlcheck: ${counts}: ${violations.length} violations`,
  ]
}

/** What was asked, and what came of it. */
interface Asked {
  readonly checked: Checked
  readonly said: string
}

async function asked(files: readonly TextFile[]): Promise<Asked> {
  const work = (grammar: Grammar): Promise<Checked> => check(files, grammar)
  const url = process.env['COCKROACH_URL'] ?? ''
  if (url !== '') {
    return { checked: await withServerGrammar(url, work), said: "CockroachDB's parser was asked" }
  }
  if (process.env['COCKROACH_GRAMMAR'] === '0') {
    return { checked: await check(files), said: `${PARSER_NAME} was not asked: COCKROACH_GRAMMAR is 0` }
  }
  try {
    const program = await parserProgram(CACHE, say)
    return { checked: await withParserGrammar(program, work), said: `${PARSER_NAME} was asked` }
  } catch (error) {
    if (!isBrokerUnavailable(error)) throw error
    return { checked: await check(files), said: `${PARSER_NAME} was not asked: ${error.message}` }
  }
}

async function main(): Promise<number> {
  const { checked, said } = await asked(readTree())
  for (const line of report(checked)) say(line)
  const count = checked.statements + checked.migrations
  if (count < SQL_COUNT_MIN) say(`sqlcheck: saw ${count} files, fewer than ${SQL_COUNT_MIN}`)
  say(said)
  return checked.violations.length === 0 && count >= SQL_COUNT_MIN ? 0 : 1
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

if (import.meta.main) {
  try {
    process.exitCode = await main()
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error
    say(`sqlcheck: the server in COCKROACH_URL cannot be asked: ${error.message}`)
    process.exitCode = EXIT_NOT_ASKED
  }
}
