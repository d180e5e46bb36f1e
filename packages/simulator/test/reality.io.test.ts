import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { modelSide } from './reality/model.ts'
import { play, shownLine } from './reality/play.ts'
import { openPostgres, type Postgres } from './reality/postgres.ts'
import { drawScript } from './reality/script.ts'

const FROM = Number(process.env['ENSEMBLE_REALITY_FROM'] ?? 1)
const COUNT = Number(process.env['ENSEMBLE_REALITY_COUNT'] ?? 100)

let postgres: Postgres
beforeAll(async () => {
  postgres = await openPostgres()
})
afterAll(() => postgres.end())

describe('the model of the database answers as PostgreSQL does', () => {
  for (const isolation of ['read committed', 'repeatable read'] as const) {
    test(
      isolation,
      async () => {
        const bad: string[] = []
        for (let seed = FROM; seed < FROM + COUNT; seed += 1) {
          const script = drawScript(seed, { transactionsMax: 3 })
        const real = (await play(await postgres.side(isolation), script)).map(shownLine)
        let best = -1
        let model: string[] = []
        let k = 0
        for (k = 1; k <= 60; k += 1) {
          const one = (await play(modelSide(isolation, k), script)).map(shownLine)
          const at = one.findIndex((line, index) => line !== real[index])
          if (at === -1 && one.length === real.length) break
          if (at > best) { best = at; model = one }
        }
        if (k > 1) console.log('seed', seed, k)
        if (k > 60)
          bad.push(`SEED ${seed}\n${real.map((line, index) => index<best ? `   ${line}` : `   R ${line}\n   M ${model[index]}`).slice(0, best + 3).join('\n')}`)
      }
      console.log(bad.slice(0, 20).join('\n'), bad.length)
        expect(bad).toEqual([])
      },
      600_000,
    )
  }
})
