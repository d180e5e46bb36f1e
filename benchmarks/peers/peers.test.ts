import { describe, expect, test } from 'vitest'
import { UsageError } from '../measure/options.ts'
import { orderOf } from '../measure/rounds.ts'
import { contenderCell } from './contenders.ts'
import { peersOptions } from './options.ts'
import { peersTable } from './table.ts'

test('nothing said: everybody, three rounds at three numbers of callers', () => {
  expect(peersOptions([])).toEqual({
    seconds: 10,
    rounds: 3,
    concurrency: [1, 64, 256],
    only: ['orchestration', 'choreography', 'dbos', 'restate', 'temporal', 'dtm'],
    fail: 0.1,
    warmUp: 2,
  })
})

test('lists are read, strangers refused', () => {
  const options = peersOptions(['--concurrency', '16,32', '--only', 'dbos'])
  expect(options).toMatchObject({ concurrency: [16, 32], only: ['dbos'] })
  expect(() => peersOptions(['--only', 'dbos,nobody'])).toThrow(UsageError)
  expect(() => peersOptions(['--concurrency', '16,many'])).toThrow(UsageError)
})

describe('the order of a round', () => {
  test('has everybody once', () => {
    for (let round = 0; round < 8; round += 1)
      expect(orderOf(['a', 'b', 'c'], round).toSorted()).toEqual(['a', 'b', 'c'])
  })

  test('turns, so that nobody is always the first or behind the same one', () => {
    const orders = [0, 1, 2, 3].map((round) => orderOf(['a', 'b', 'c', 'd'], round).join(''))
    expect(orders).toEqual(['abcd', 'badc', 'cdab', 'dcba'])
  })
})

test('the table has a line for each engine at each number of callers, with medians and spread', () => {
  const entry = (round: number, rate: number) => ({
    cell: contenderCell('dbos', { concurrency: 64, seconds: 1, warmUp: 0, fail: 0 }),
    round,
    failure: null,
    measured: { sagas_per_s: rate, p50_ms: 12.345, p99_ms: 20, cpu_ms_per_saga_all: null },
  })
  expect(
    peersTable([entry(0, 1_000), entry(1, 1_500), entry(2, 1_200)])
      .split('\n')
      .at(-1),
  ).toBe('| DBOS 5.3 | 64 | 1,200 (1,000-1,500) | 12.3 | 20.0 | - |')
})
