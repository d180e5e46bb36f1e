// A failing run is made as small as its cause, told line by line and drawn.
import { run, sequenceDiagram, shrink } from '@ensemble/simulator'
import { expect, test } from 'vitest'
import { tokens } from './played.ts'

const TIMEOUT_MS = 60_000

/** The first seed with many faults and sagas, some of which go back. */
async function stormySeed(): Promise<number> {
  for (let seed = 1; ; seed += 1) {
    const { sagas, faultsHappened, violations } = await run({ seed, subject: forgetful })
    if (sagas > 3 && faultsHappened.length > 5 && violations.length > 0) return seed
  }
}

const forgetful = tokens({ forgets: () => true })

test('a bug of one saga is told by one saga without faults', { timeout: TIMEOUT_MS }, async () => {
  const seed = await stormySeed()
  const tried: number[] = []
  const shrunk = await shrink({
    seed,
    subject: forgetful,
    runsMax: 100,
    onTry: ({ runs }) => void tried.push(runs),
  })
  expect([shrunk?.sagas.length, shrunk?.faults]).toEqual([1, []])
  expect(shrunk?.result.violations).toEqual([
    expect.stringMatching(/^token \d+ is out, its saga compensated$/),
  ])
  expect(tried).toEqual(Array.from({ length: (shrunk?.runs ?? 0) - 1 }, (_, index) => index + 2))
})

test('no more runs are made than are allowed', { timeout: TIMEOUT_MS }, async () => {
  const shrunk = await shrink({ seed: await stormySeed(), subject: forgetful, runsMax: 3 })
  expect(shrunk?.runs).toBe(3)
})

test('a seed that passes has nothing to be made smaller', { timeout: TIMEOUT_MS }, async () => {
  expect(await shrink({ seed: await stormySeed(), subject: tokens({}), runsMax: 3 })).toBeNull()
})

test('a reader sees more, and nothing else happens', { timeout: TIMEOUT_MS }, async () => {
  const whole = { seed: await stormySeed(), subject: tokens({}) }
  const silent = await run(whole)
  const { hash, trace, moments } = await run({ ...whole, keepsTrace: true })
  expect([silent.hash, silent.trace, silent.moments]).toEqual([hash, [], []])
  const told = (pattern: RegExp) => trace.some((line) => pattern.test(line))
  expect([
    told(/(?:desk|box)#\d +is called: start token\/\d$/),
    told(/(?:desk|box)#\d +inserts starts \["token","\d"\]$/),
    told(/box#\d +takes .*box.give \[token\/\d\]$/),
    told(/box#\d +COMMIT$/),
    told(/FAULT .* 1$/),
  ]).toEqual([true, true, true, true, true])
  const drawn = sequenceDiagram(moments).split('\n')
  expect(drawn).toContainEqual(expect.stringMatching(/^ {2}customer->>(?:desk|box): start token\/1$/))
  expect(drawn).toContainEqual(
    expect.stringMatching(/^ {2}(?:desk|orchestrator|box)->>box: .*box\.give \[1\]$/),
  )
})
