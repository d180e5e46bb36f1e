// Owns: the comparison of the database's model with a real PostgreSQL: the same random transactions, in the same turns,
// on both. Rules of the comparison: reality/compare.ts.
// ENSEMBLE_REALITY_COUNT says how many scenes are played (per isolation), ENSEMBLE_REALITY_FROM the first seed.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { differenceOf } from './reality/compare.ts'
import { play } from './reality/play.ts'
import { openPostgres, type Postgres } from './reality/postgres.ts'
import { drawScript } from './reality/script.ts'

const FROM = Number(process.env['ENSEMBLE_REALITY_FROM'] ?? 1)
const COUNT = Number(process.env['ENSEMBLE_REALITY_COUNT'] ?? 150)
/** On a machine that does much else. */
const SCENE_MS_MAX = 500

let postgres: Postgres
beforeAll(async () => {
  postgres = await openPostgres()
})
afterAll(() => postgres.end())

describe('transactions in turns: the model answers, waits and keeps as PostgreSQL does', () => {
  test.each(['read committed', 'repeatable read', 'serializable'] as const)(
    '%s',
    { timeout: 60_000 + COUNT * SCENE_MS_MAX },
    async (isolation) => {
      const differences: string[] = []
      for (let seed = FROM; seed < FROM + COUNT; seed += 1) {
        const script = drawScript(seed, { transactionsMax: 3 })
        const real = await play(await postgres.side(isolation), script)
        const difference = await differenceOf(script, isolation, real)
        if (difference !== null) differences.push(difference)
      }
      expect(differences.join('\n\n')).toBe('')
    },
  )
})
