// Owns: the comparison of the database's model with a real PostgreSQL: the same random transactions, in the same turns,
// on both. Rules of the comparison: reality/compare.ts.
// ENSEMBLE_REALITY_COUNT says how many scenes are played (per isolation), ENSEMBLE_REALITY_FROM the first seed.
import type { Isolation } from '@ensemble/postgres'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { differenceOf } from './reality/compare.ts'
import { play } from './reality/play.ts'
import { openPostgres, type Postgres } from './reality/postgres.ts'
import { drawBusScript, drawScript, type Script } from './reality/script.ts'

const FROM = Number(process.env['ENSEMBLE_REALITY_FROM'] ?? 1)
const COUNT = Number(process.env['ENSEMBLE_REALITY_COUNT'] ?? 150)
/** On a machine that does much else. */
const SCENE_MS_MAX = 500

let postgres: Postgres
beforeAll(async () => {
  postgres = await openPostgres()
})
afterAll(() => postgres.end())

async function differencesOf(isolation: Isolation, draw: (seed: number) => Script): Promise<string> {
  const differences: string[] = []
  for (let seed = FROM; seed < FROM + COUNT; seed += 1) {
    const script = draw(seed)
    const real = await play(await postgres.side(isolation), script)
    const difference = await differenceOf(script, isolation, real)
    if (difference !== null) differences.push(difference)
  }
  return differences.join('\n\n')
}

describe('what the model answers, whom it lets wait and what it keeps is what PostgreSQL does', () => {
  const timeout = 60_000 + COUNT * SCENE_MS_MAX

  test.each(['read committed', 'repeatable read', 'serializable'] as const)(
    'transactions in turns, %s',
    { timeout },
    async (isolation) => expect(await differencesOf(isolation, drawScript)).toBe(''),
  )

  test.each(['read committed', 'repeatable read'] as const)(
    'consumers and writers of the bus in turns, %s',
    { timeout },
    async (isolation) => expect(await differencesOf(isolation, drawBusScript)).toBe(''),
  )
})
