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
  expect(known.isOpen(saga('x'))).toBe(true)
  known.ended(completed('x', 1))
  expect(known.endOf(saga('x'))).toMatchObject({ status: 'completed', data: 1 })
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
  const end = (from: number, to: number): void => {
    for (let id = from; id < to; id += 1) {
      known.opened(saga(`${id}`), 5)
      known.ended(completed(`${id}`))
    }
  }
  known.opened(saga('runs'), 5)
  end(0, 3)
  known.endOf(saga('0'))
  end(3, 10_001)
  expect(['0', '1', '2'].map((id) => known.endOf(saga(id))?.status)).toEqual([
    'completed',
    undefined,
    'completed',
  ])
  expect(known.isOpen(saga('runs'))).toBe(true)
})

it('forgets those that run once there are too many', () => {
  const known = new KnownSagas()
  for (let id = 0; id <= 10_000; id += 1) known.opened(saga(`${id}`), 5)
  expect(['0', '1'].map((id) => known.isOpen(saga(id)))).toEqual([false, true])
})

it('keeps no more than some megabytes, and no long end', () => {
  const known = new KnownSagas()
  const ids = Array.from({ length: 41 }, (_, index) => `${index}`)
  for (const id of ids) {
    known.opened(saga(id), 5)
    known.ended(completed(id, 'x'.repeat(100_000)))
  }
  known.opened(saga('long'), 5)
  known.ended(completed('long', 'x'.repeat(100_001)))
  expect([...ids, 'long'].filter((id) => known.endOf(saga(id)) === null)).toEqual(['0', 'long'])
})
