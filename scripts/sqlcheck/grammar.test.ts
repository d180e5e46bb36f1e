// The whole tree, and asking CockroachDB's own grammar: what is sent, and what an answer means.
import { existsSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import { loadModule } from 'libpg-query'
import { parserPath } from '../servers/programs.ts'
import { CACHE, check, report } from '../sqlcheck.ts'
import { readTree } from '../tidy/tree.ts'
import { grammarOf, withParserGrammar } from './grammar.ts'

const STATEMENT = 'services/order/sql/planted.sql'

beforeAll(() => loadModule())

describe('the whole', () => {
  test('the tree has none', async () => {
    const lines = report(await check(readTree()))
    expect(lines).toEqual([
      expect.stringMatching(/^sqlcheck: \d+ statements, \d+ migrations, \d+ in code: 0 violations$/),
    ])
  })

  test("a server's parser is asked about each statement that is meant for it", async () => {
    const asked: string[] = []
    const files = [
      { path: STATEMENT, text: 'SELECT 1' },
      { path: `${STATEMENT}.sql`, text: "-- Only where canListen: polling does without.\nNOTIFY news, 'a'" },
    ]
    const checked = await check(files, async (text) => {
      asked.push(text)
      return 'unimplemented'
    })
    expect({ asked, lines: report(checked) }).toEqual({
      asked: ['SELECT 1'],
      lines: [
        `${STATEMENT}:1 grammar unimplemented`,
        'sqlcheck: 2 statements, 0 migrations, 0 in code: 1 violations',
      ],
    })
  })

  test('it is asked with the text as one literal, and refuses by a row named error', async () => {
    const sent: unknown[] = []
    const answer = (rows: readonly Record<string, unknown>[]) =>
      grammarOf({
        query: async (text) => {
          sent.push(text)
          return { rows, count: rows.length }
        },
      })("SELECT 'a'")
    const code = { field: 'code', message: '42601' }
    expect(await answer([{ field: 'sql', message: "SELECT 'a'" }])).toBe(undefined)
    expect(await answer([{ field: 'error', message: 'at or near "a"' }, code])).toBe('at or near "a"')
    expect(sent).toEqual(Array.from({ length: 2 }, () => "SHOW SYNTAX 'SELECT ''a'''"))
  })
})

const program = parserPath(CACHE)

describe.skipIf(!existsSync(program))(
  'the published grammar of CockroachDB, once sqlcheck has built it',
  () => {
    test('it takes what it knows, names what it does not, and refuses a planted statement in its file', async () => {
      await withParserGrammar(program, async (grammar) => {
        expect(await grammar('SELECT 1 AS one')).toBe(undefined)
        expect(await grammar('CREATE TABLE a (b int8);')).toBe(undefined)
        expect(await grammar('MERGE INTO a USING b ON a.c = b.c WHEN MATCHED THEN DELETE')).toBe(
          'at or near "merge": syntax error',
        )
        const text = 'SELECT j.id FROM job AS j WHERE j.at <@ $1::int4range'
        const { violations } = await check([{ path: STATEMENT, text: `${text} FOR` }], grammar)
        expect(violations).toContainEqual(expect.objectContaining({ path: STATEMENT, rule: 'grammar' }))
      })
    })
  },
)
