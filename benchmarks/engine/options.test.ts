import { describe, expect, test } from 'vitest'
import { UsageError } from '../measure/options.ts'
import { engineOptions } from './options.ts'

describe('options of the engine', () => {
  test('nothing said: ten seconds of the order saga, every tenth refused', () => {
    expect(engineOptions([])).toEqual({
      until: { seconds: 10 },
      concurrency: 64,
      pattern: 'orchestration',
      bus: 'postgres',
      processes: 'one',
      partitions: 1,
      fail: 0.1,
      steps: 4,
      valueBytes: 0,
      history: 0,
      waiting: 0,
      backlog: 0,
      warmUp: 2,
    })
  })

  test('a count instead of seconds, one process by its number', () => {
    const options = engineOptions(['--sagas', '500', '--processes', '1', '--value-bytes', '100'])
    expect(options).toMatchObject({ until: { count: 500 }, processes: 'one', valueBytes: 100 })
  })

  test('a backlog is handled by processes of their own, which can be killed', () => {
    expect(engineOptions(['--backlog', '1000'])).toMatchObject({ backlog: 1_000, processes: 'many' })
  })

  test('a saga too short for a charge refuses none unless told, and cannot be told', () => {
    expect(engineOptions(['--steps', '2']).fail).toBe(0)
    expect(() => engineOptions(['--steps', '2', '--fail', '0.5'])).toThrow(/no charge to refuse/)
  })

  test('every wrong value is named by its flag', () => {
    expect(() => engineOptions(['--steps', '9', '--bus', 'pigeon', '--value-bytes', 'many'])).toThrow(
      UsageError,
    )
    expect(() => engineOptions(['--steps', '9', '--bus', 'pigeon', '--value-bytes', 'many'])).toThrow(
      /--bus: .*\n--steps: .*\n--value-bytes: /,
    )
  })

  test.each([
    [['--pigeon', '1']],
    [['--help']],
    [['--seconds', '5', '--sagas', '5']],
    [['--bus', 'memory', '--processes', 'many']],
    [['--backlog', '10', '--seconds', '5']],
    [['--backlog', '10', '--bus', 'memory']],
    [['--concurrency', '0']],
    [['--concurrency', '4097']],
    [['--sagas', '1.5']],
  ])('%j is refused', (args) => {
    expect(() => engineOptions(args)).toThrow(UsageError)
  })
})
