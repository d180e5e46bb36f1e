import { describe, expect, test } from 'vitest'
import { UsageError } from '../measure/options.ts'
import { reportOptions, SECTIONS } from './options.ts'
import { evenTicks, logTicks, svgOf, wordOf } from './plot.ts'
import { numbersOf, recorded } from './record.ts'
import { groupsOf, type Plan, type ReportCell } from './sections.ts'
import { reportOf } from './write.ts'

const options: Plan = { ...reportOptions([]), peers: ['dbos', 'dtm'] }

describe('what is measured', () => {
  test('nothing said: every section, three rounds', () => {
    expect(options).toMatchObject({
      rounds: 3,
      seconds: 10,
      only: SECTIONS,
      callers: [1, 16, 64, 256, 1_024],
    })
    expect(() => reportOptions(['--only', 'callers,nothing'])).toThrow(UsageError)
  })

  test('with as many callers, both patterns on both buses and the engines that are here take turns', () => {
    const [first] = groupsOf('callers', options)
    expect(first?.map(({ series, x }) => [series, x])).toEqual([
      ['Ensemble, orchestration, postgres', 1],
      ['Ensemble, choreography, postgres', 1],
      ['Ensemble, orchestration, kafka', 1],
      ['Ensemble, choreography, kafka', 1],
      ['DBOS 5.3', 1],
      ['dtm 1.19', 1],
    ])
  })

  test('a run with a history takes turns with one without', () => {
    const groups = groupsOf('history', { ...options, history: 500 })
    expect(groups.map((group) => group.map(({ x }) => x))).toEqual([
      [0, 500],
      [0, 500],
    ])
  })

  test('every cell is a command that is typed as it is run, but for the server', () => {
    const cells = SECTIONS.flatMap((section) => groupsOf(section, options).flat())
    const engines = cells.filter(({ typed }) => typed.startsWith('npm run bench -- '))
    expect(engines).toHaveLength(72)
    for (const { command, typed } of engines)
      expect(`npm run bench -- ${command('URL').args.join(' ')}`).toBe(`${typed} --database-url URL`)
  })
})

const cellOf = (series: string, x: number): ReportCell => ({
  name: series,
  section: 'callers',
  series,
  x,
  typed: `npm run bench -- --concurrency ${x}`,
  command: () => ({ program: '', args: [] }),
})
const [ours, theirs] = [cellOf('orchestration, postgres', 64), cellOf('Restate 1.7', 64)]
const entry = (cell: ReportCell, round: number, rate: number) => ({
  cell,
  round,
  measured: { sagas_per_s: rate, cpu_ms_per_saga: { ours: 1, postgres: 2, kafka: null } },
  failure: null,
})
const failed = { cell: theirs, round: 1, measured: null, failure: 'it broke\nat length' }
const circumstances = { options, machine: '2 cores', measured: 'today' }
const results = recorded(
  {},
  [entry(theirs, 0, 100), entry(ours, 0, 300), failed, entry(ours, 1, 500)],
  circumstances,
)

describe('the record', () => {
  test('keeps the rounds of a cell together, and what failed', () => {
    expect(results.callers?.rows).toEqual([
      {
        series: 'Restate 1.7',
        x: 64,
        typed: 'npm run bench -- --concurrency 64',
        rounds: [{ per_s: 100, cpu_ms_ours: 1, cpu_ms_postgres: 2 }],
        failures: ['it broke\nat length'],
      },
      {
        series: 'orchestration, postgres',
        x: 64,
        typed: 'npm run bench -- --concurrency 64',
        rounds: [
          { per_s: 300, cpu_ms_ours: 1, cpu_ms_postgres: 2 },
          { per_s: 500, cpu_ms_ours: 1, cpu_ms_postgres: 2 },
        ],
        failures: [],
      },
    ])
  })

  test('a section that was not measured anew stays', () => {
    expect(recorded(results, [], circumstances)).toEqual(results)
  })

  test('orders are sagas', () => {
    expect(numbersOf({ orders_per_s: 7 })).toEqual({ per_s: 7 })
  })
})

describe('the report', () => {
  const { text, plots } = reportOf(results)

  test('has medians, spread and how many times as fast', () => {
    expect(text).toContain('| orchestration, postgres | 64 | 400 (300-500) | 4.0 |')
    expect(text).toContain('* failed: Restate 1.7, 64: it broke\n')
    expect(text).toContain('3 rounds of 10 s, today, 2 cores.')
  })

  test('has a plot of each figure, with its rounds as bars', () => {
    expect(plots.map(({ file }) => file)).toEqual(['callers-throughput', 'callers-latency', 'callers-cost'])
    expect(plots[0]?.plot.series).toEqual([
      { name: 'Restate 1.7', points: [{ x: 64, y: 100, least: 100, most: 100 }] },
      { name: 'orchestration, postgres', points: [{ x: 64, y: 400, least: 300, most: 500 }] },
    ])
  })
})

test('a recovery is told in seconds against the backlog, and does not last for some that were asked for', () => {
  const [first] = groupsOf('recovery', { ...options, backlogs: [1_000, 10_000] })
  expect(first?.map(({ series, x, typed }) => [series, x, typed])).toEqual([
    ['orchestration', 1_000, 'npm run bench -- --backlog 1000 --pattern orchestration'],
    ['choreography', 1_000, 'npm run bench -- --backlog 1000 --pattern choreography'],
  ])
  const cell = first?.[0]
  if (cell === undefined) throw new Error('no cell')
  const measured = { recovery_s: 2, sagas_per_s: 500 }
  const { text, plots } = reportOf(recorded({}, [{ cell, round: 0, measured, failure: null }], circumstances))
  expect(text).toContain('3 rounds, today, 2 cores.')
  expect(text).toContain('| orchestration | 1,000 | 2.00 | 500 |')
  expect(plots.map(({ file }) => file)).toEqual(['recovery-seconds'])
})

describe('a plot', () => {
  test('is on painted ground, and says what is on it', () => {
    const axis = { label: 'a & b', isLog: true }
    const points = [1, 64].map((x) => ({ x, y: 10 * x, least: 9 * x, most: 11 * x }))
    const svg = svgOf({ title: 'Rates <1', x: axis, y: axis, series: [{ name: 'ours', points }] })
    expect(svg).toContain('fill="#ffffff"')
    expect(svg).toContain('Rates &lt;1')
    expect(svg).toContain('a &amp; b')
    expect(svg).not.toMatch(/NaN|Infinity|undefined/)
  })

  test('of nothing is empty, not broken', () => {
    const axis = { label: '', isLog: true }
    expect(svgOf({ title: '', x: axis, y: axis, series: [] })).not.toMatch(/NaN|Infinity|undefined/)
  })

  test.each([
    [10, [0, 2, 4, 6, 8, 10]],
    [0.7, [0, 0.2, 0.4, 0.6, 0.8]],
    [1_000_000, [0, 200_000, 400_000, 600_000, 800_000, 1_000_000]],
    [0, [0, 1]],
  ])('even ticks reach %d', (most, ticks) => {
    expect(evenTicks(most)).toEqual(ticks)
  })

  test.each([
    [1, 16, [1, 2, 4, 8, 16]],
    [1, 1_024, [1, 4, 16, 64, 256, 1_024]],
    [25, 130, [16, 32, 64, 128, 256]],
    [1, 100_000, [1, 10, 100, 1_000, 10_000, 100_000]],
  ])('logarithmic ticks hold %d to %d', (least, most, ticks) => {
    expect(logTicks(least, most).map(Math.round)).toEqual(ticks)
  })

  test.each([
    [0.25, '0.25'],
    [1_024, '1024'],
    [64, '64'],
    [20_000, '20k'],
    [1_500_000, '1.5M'],
  ])('%d is written %s', (value, word) => {
    expect(wordOf(value)).toBe(word)
  })
})
