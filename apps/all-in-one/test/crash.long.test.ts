// The reference system as people start it, killed at random moments under load. A failure names its seed:
// CRASH_SEED=<seed> gives the same orders, kills and pauses again.
import { describe, expect, test } from 'vitest'
import { crashRun } from '../crash/crash.ts'

const SEED = Number(process.env['CRASH_SEED'] ?? Date.now() % 1_000_000)
/** One fault is seen in many places. */
const SHOWN_MAX = 40
const KILLS = { process: 4, server: 1, both: 1 }

describe(`killed at random moments under load, CRASH_SEED=${SEED}`, () => {
  test.each([
    { name: 'one database', isSeparate: false },
    { name: 'a database each', isSeparate: true },
  ])('$name: every saga ends, the books are right, nothing is there twice', async ({ isSeparate }) => {
    const report = await crashRun({ seed: SEED, isSeparate, kills: KILLS })

    process.stdout.write(`${report.line}\n`)
    expect(report.violations.slice(0, SHOWN_MAX)).toEqual([])
    expect(report.kills).toEqual({ process: 5, server: 2 })
    expect(report.patterns).toEqual(['choreography', 'orchestration'])
    expect(report.sagas.completed).toBeGreaterThan(10)
    expect(report.sagas.compensated).toBeGreaterThan(10)
    expect(report.outboxSeen > 0).toBe(isSeparate)
  })
})
