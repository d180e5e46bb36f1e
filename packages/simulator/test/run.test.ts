// A run depends on its seed only, and finds what is wrong with the system that it runs.
import { succeeded } from '@ensemble/core'
import type { Handler, Implementation } from '@ensemble/runtime'
import { generated, run, type Subject } from '@ensemble/simulator'
import { expect, test } from 'vitest'

const STORMY = 25

test('the same seed twice is the same run, event by event; another one is not', async () => {
  const first = await run({ seed: STORMY, subject: generated })
  const second = await run({ seed: STORMY, subject: generated })
  const other = await run({ seed: STORMY + 1, subject: generated })
  expect([second.hash, second.events, second.violations]).toEqual([first.hash, first.events, []])
  expect(other.hash).not.toBe(first.hash)
})

test('without the faults that it drew a run is calm and keeps its callers', async () => {
  const stormy = await run({ seed: STORMY, subject: generated })
  const calm = await run({ seed: STORMY, subject: generated, allowed: new Set() })
  expect(stormy.faults.size).toBeGreaterThan(0)
  expect([calm.faults.size, calm.sagas, calm.violations]).toEqual([0, stormy.sagas, []])
})

/** An undo that says it is done and does nothing. */
function lazy(implementation: Implementation): Implementation {
  const unmake = implementation.handlers.get('unmake')
  if (unmake?.form !== 'aggregate') throw new Error('unmake is an aggregate')
  const idle = { ...unmake, rule: { ...unmake.rule, decide: () => ({ outcome: succeeded() }) } }
  return {
    ...implementation,
    handlers: new Map<string, Handler>([...implementation.handlers, ['unmake', idle]]),
  }
}

test('a participant whose undo does nothing is found out', async () => {
  const { a, b, c } = generated.participants
  if (a === undefined || b === undefined || c === undefined) throw new Error('three participants')
  const participants: Subject['participants'] = {
    a: (outside, own) => lazy(a(outside, own)),
    b: (outside, own) => lazy(b(outside, own)),
    c: (outside, own) => lazy(c(outside, own)),
  }
  const found: string[] = []
  for (let seed = 14; seed <= 30 && found.length === 0; seed += 1)
    found.push(...(await run({ seed, subject: { ...generated, participants } })).violations)
  expect(found[0]).toMatch(/compensated, so its effect should count 0, it counts 1$/)
})
