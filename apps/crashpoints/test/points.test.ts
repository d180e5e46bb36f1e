// Names of crash points, the list against a run, and which trials come of it.
import { expect, test } from 'vitest'
import { drawn, pairs, singles } from '../runner/jobs.ts'
import { differences, listOf, type Point } from '../runner/points.ts'
import { verbIn } from '../tripwire/verbs.ts'

const kind = { pattern: 'orchestration', layout: 'apart' } as const

function point(name: string, more: Partial<Point> = {}): Point {
  return { kind, name, phase: 'warm', act: 'paid', count: 1, ...more }
}

function stack(...frames: readonly string[]): string {
  return ['Error', ...frames.map((frame) => `    at ${frame}:10:3)`)].join('\n')
}

const STORE = 'store (file:///x/packages/runtime/src/perform/store.ts'

test('a call belongs to the verb whose code makes it, not to the helper that it goes through', () => {
  const effect = 'EffectWorker.stored (file:///x/packages/runtime/src/effects.ts'
  const take = 'async EffectWorker.#takeDue (file:///x/packages/runtime/src/effects.ts'
  const perform = 'async perform (file:///x/packages/runtime/src/perform/perform.ts'
  const adapter = 'Object.query (file:///x/packages/postgres/src/bus/shared.ts'
  const step = 'async Receiver.step (file:///x/packages/runtime/src/receive.ts'
  expect(verbIn(stack(STORE, effect))).toBe('effect')
  expect(verbIn(stack(take))).toBe('effect-take')
  expect(verbIn(stack(STORE, perform, step))).toBe('perform')
  expect(verbIn(stack(adapter, step))).toBe('receive')
  expect(verbIn(stack(adapter))).toBe(null)
})

test('a call without a point, and a point without a call, are named', () => {
  const list = listOf([point('wake/b/before'), point('wake/a/before')])
  const run = listOf([point('wake/a/before'), point('wake/c/before')])
  expect(differences(list, list)).toEqual([])
  expect(differences(list, run)).toEqual([
    'never reached: orchestration apart wake/b/before',
    'not in the list: orchestration apart wake/c/before',
  ])
})

test('a point is tried where it is reached: what only a recovery reaches, after a death', () => {
  const [warm, first, recovery] = singles(
    [point('a/x/before'), point('b/x/before', { phase: 'first' }), point('c/x/after', { phase: 'recovery' })],
    'stop',
    null,
  )
  expect(warm?.trial).toEqual({
    on: 'warm',
    acts: ['paid'],
    trips: [{ point: 'a/x/before', nth: 1, how: 'stop' }],
  })
  expect(first?.trial).toMatchObject({ on: 'first', acts: ['paid', 'refused'] })
  expect(recovery?.trial).toMatchObject({
    on: 'fresh',
    trips: [
      { point: 'perform/transport.send/before', how: 'kill' },
      { point: 'c/x/after', how: 'stop' },
    ],
  })
})

test('pairs are of one verb of one kind, of moments before a call or after a commit', () => {
  const names = ['wake/a/before', 'wake/a/after', 'wake/transaction.commit/after', 'start/a/before']
  const other = point('wake/a/before', { kind: { pattern: 'choreography', layout: 'apart' } })
  expect(pairs([...names.map((name) => point(name)), other]).map(({ name }) => name)).toEqual([
    'orchestration apart wake/a/before then wake/a/before',
    'orchestration apart wake/a/before then wake/transaction.commit/after',
    'orchestration apart wake/transaction.commit/after then wake/a/before',
    'orchestration apart wake/transaction.commit/after then wake/transaction.commit/after',
    'choreography apart wake/a/before then wake/a/before',
  ])
})

test('a seed draws the same trials, and the same time that a point is reached', () => {
  const points = Array.from({ length: 40 }, (_, index) => point(`a/x${index}/before`, { count: 9 }))
  const of = (seed: string) => drawn(singles(points, 'kill', seed), { count: 5, seed })
  expect(of('1')).toEqual(of('1'))
  expect(of('1')).not.toEqual(of('2'))
  const times = singles(points, 'kill', '1').map(({ trial }) => trial.trips[0]?.nth)
  expect(new Set(times)).toEqual(new Set([1, 2, 3, 4, 5]))
})
