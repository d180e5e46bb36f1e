import { afterEach, describe, expect, test, vi } from 'vitest'
import { UsageError } from '../measure/options.ts'
import { orderOf } from '../measure/rounds.ts'
import { contenderCell } from './contenders.ts'
import { buildServer, DTM, pathIn } from './go.ts'
import { installPeers } from './install.ts'
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

describe('who takes part', () => {
  afterEach(() => vi.unstubAllEnvs())

  test('Ensemble alone needs nothing', async () => {
    const said: string[] = []
    const present = await installPeers(['orchestration', 'choreography'], (line) => said.push(line))
    expect({ present, said }).toEqual({ present: ['orchestration', 'choreography'], said: [] })
  })

  test('a server that is not built and can not be, without Go, is a reason to stay away', async () => {
    vi.stubEnv('PATH', '')
    const unbuilt = { ...DTM, version: 'v0.0.0' }
    expect(await buildServer(unbuilt, () => undefined)).toMatch(/no `go` on the PATH/)
  })

  test('another version is another program, and its files are beside it', () => {
    const later = { ...DTM, version: 'v2.0.0' }
    expect(pathIn(later)).not.toBe(pathIn(DTM))
    expect(pathIn(DTM, 'sqls/tables.sql')).toBe(pathIn(DTM).replace(/server$/, 'tables.sql'))
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
