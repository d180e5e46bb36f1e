// Scenes: what a process remembers of the sagas that it has started.
import { expect, it } from 'vitest'
import type { SagaRef } from '@ensemble/core'
import { KnownSagas } from '../src/known.ts'
import type { StartEnd } from '../src/ports.ts'

const saga = (id: string): SagaRef => ({ plan: 'sale', id, pattern: 'orchestration' })
const completed = (id: string, data: unknown = null): StartEnd => ({
  saga: saga(id),
  status: 'completed',
  data,
})

it('believes once that a saga runs, and ever after how it ended', () => {
  const known = new KnownSagas()
  known.opened(saga('x'), 5)
  known.opened(saga('y'), 6)
  expect(known.endOf(saga('x'))).toBeNull()
  expect(known.isOpen(saga('x'))).toBe(true)
  expect(known.takeOpen(saga('x'))).toMatchObject({ status: 'running', startedAt: 5 })
  expect(known.takeOpen(saga('x'))).toBeNull()
  known.ended(completed('x', 1))
  expect(known.endOf(saga('x'))).toBeNull()
  known.ended(completed('y', { total: 1 }))
  expect(known.isOpen(saga('y'))).toBe(false)
  expect(known.takeOpen(saga('y'))).toBeNull()
  for (let time = 0; time < 2; time += 1)
    expect(known.endOf(saga('y'))).toEqual({
      saga: saga('y'),
      status: 'completed',
      data: { total: 1 },
      startedAt: 6,
    })
})

it('knows nothing of what was started elsewhere', () => {
  const known = new KnownSagas()
  known.ended(completed('x'))
  expect([known.isOpen(saga('x')), known.takeOpen(saga('x')), known.endOf(saga('x'))]).toEqual([
    false,
    null,
    null,
  ])
})

it('gives away copies', () => {
  const known = new KnownSagas()
  known.opened(saga('x'), 5)
  known.ended(completed('x', { total: 1 }))
  Object.assign(known.endOf(saga('x'))?.data ?? {}, { total: 2 })
  expect(known.endOf(saga('x'))?.data).toEqual({ total: 1 })
})

it('forgets those first that nobody has asked for', () => {
  const known = new KnownSagas()
  const open = (from: number, to: number): void => {
    for (let id = from; id < to; id += 1) known.opened(saga(`${id}`), 5)
  }
  open(0, 3)
  for (const id of ['0', '1', '2']) known.ended(completed(id))
  known.endOf(saga('0'))
  open(3, 10_001)
  expect(['0', '1', '2'].map((id) => known.endOf(saga(id))?.status)).toEqual([
    'completed',
    undefined,
    'completed',
  ])
})

it('keeps no more than some megabytes', () => {
  const known = new KnownSagas()
  const text = 'x'.repeat(1_500_000)
  for (const id of ['a', 'b', 'c']) {
    known.opened(saga(id), 5)
    known.ended(completed(id, text))
  }
  expect(['a', 'b', 'c'].map((id) => known.endOf(saga(id)) !== null)).toEqual([false, true, true])
})
