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
const COUNT = Number(process.env['ENSEMBLE_REALITY_COUNT'] ?? 200)
/** On a machine that does much else. */
const SCENE_MS_MAX = 500
const DIFFERENCES_MAX = 5

let postgres: Postgres
beforeAll(async () => {
  postgres = await openPostgres()
})
afterAll(() => postgres.end())

/** What must have been answered in so many scenes, or they compare less than it seems. */
const ENOUGH = 100
const COMMON = ['waits', 'UNIQUE', 'MOVED', 'DEADLOCK', 'ROLLED_BACK', 'taken back: UNIQUE', 'committed']
const OF_THE_BUS = ['waits', 'nothing to receive', 'committed']
const SNAPSHOT = 'SERIALIZATION'

interface Comparison {
  readonly isolation: Isolation
  readonly draw: (seed: number) => Script
  readonly mustOccur: readonly string[]
}

async function compare({ isolation, draw, mustOccur }: Comparison): Promise<void> {
  const differences: string[] = []
  const answers = new Set<string>()
  for (let seed = FROM; seed < FROM + COUNT && differences.length < DIFFERENCES_MAX; seed += 1) {
    const script = draw(seed)
    const real = await play(await postgres.side(isolation), script)
    const difference = await differenceOf(script, isolation, real)
    if (difference !== null) differences.push(difference)
    for (const { answer } of real) answers.add(answer)
  }
  const missing = COUNT < ENOUGH ? [] : mustOccur.filter((answer) => !answers.has(answer))
  expect({ differences: differences.join('\n\n'), missing }).toEqual({ differences: '', missing: [] })
}

describe('what the model answers, whom it lets wait and what it keeps is what PostgreSQL does', () => {
  const timeout = 60_000 + COUNT * SCENE_MS_MAX

  test.each<Omit<Comparison, 'draw'>>([
    { isolation: 'read committed', mustOccur: COMMON },
    { isolation: 'repeatable read', mustOccur: [...COMMON, SNAPSHOT] },
    { isolation: 'serializable', mustOccur: [...COMMON, SNAPSHOT] },
  ])('transactions in turns, $isolation', { timeout }, async (what) => {
    await compare({ ...what, draw: drawScript })
  })

  test.each<Omit<Comparison, 'draw'>>([
    { isolation: 'read committed', mustOccur: OF_THE_BUS },
    { isolation: 'repeatable read', mustOccur: [...OF_THE_BUS, SNAPSHOT] },
  ])('consumers and writers of the bus in turns, $isolation', { timeout }, async (what) => {
    await compare({ ...what, draw: drawBusScript })
  })
})
