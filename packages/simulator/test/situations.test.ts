// Situations that are made of an order of things: each is seen, and what comes near to it is not.
import { TOPIC, type Message } from '@ensemble/core'
import { describe, expect, test } from 'vitest'
import { BusRecord } from '../src/bus/record.ts'
import { Table } from '../src/database/table.ts'
import { Evidence } from '../src/evidence.ts'
import { wholes } from '../src/situations.ts'

const saga = { plan: 'sale', id: '1', pattern: 'orchestration' } as const
const operation = 'sale/1/pay/run'
const base = { key: '1', saga, plan: { version: 1, fingerprint: '' } }
const command = {
  ...base,
  type: 'command',
  id: operation,
  topic: TOPIC.commands('shop'),
  ask: { operation },
} as unknown as Message
const answer = {
  ...base,
  type: 'event',
  id: `${operation}#answer`,
  topic: 'shop.events',
  operation,
  answer: { status: 'succeeded' },
  slip: null,
} as unknown as Message

type Version = readonly [at: number, row: object]

function tableOf(name: string, key: string, versions: readonly Version[]): Table {
  const table = new Table({ schema: 'shop', name, isOwn: false })
  for (const [at, row] of versions) table.slot(key).versions.push({ row: { row }, line: 1, commit: at, at })
  return table
}

const operationsOf = (...versions: readonly Version[]): Table => tableOf('operations', operation, versions)
const sagasOf = (...versions: readonly Version[]): Table => tableOf('sagas', 'sale/1', versions)

function seen(tables: readonly Table[], bus: BusRecord): readonly string[] {
  return wholes(new Evidence({ tables, messages: () => [], deeds: new Map(), bus }))
}

const WITHDRAWN = { id: operation, status: 'withdrawn', parked: null }
const DONE = { ...WITHDRAWN, status: 'succeeded' }
const DEFERRED = { ...WITHDRAWN, status: 'deferred' }

function handledAt(takenAt: number): BusRecord {
  const bus = new BusRecord()
  bus.handled.push({
    messages: [{ ok: true, topic: 't', partition: 0, position: '0', message: command }],
    takenAt,
  })
  return bus
}

describe('a command that comes', () => {
  test.each<[string, readonly Version[], readonly string[]]>([
    ['after it was withdrawn is refused late', [[1, WITHDRAWN]], ['late run refused']],
    ['after it was done gets its answer again', [[1, DONE]], ['stored answer sent again']],
    ['before it was withdrawn is neither', [[3, WITHDRAWN]], []],
    [
      'while its outcome is open is neither',
      [
        [1, DEFERRED],
        [3, WITHDRAWN],
      ],
      [],
    ],
    [
      'after a deferred one was withdrawn is a repetition',
      [
        [0, DEFERRED],
        [1, WITHDRAWN],
      ],
      ['stored answer sent again'],
    ],
  ])('%s', (_what, versions, situations) => {
    expect(seen([operationsOf(...versions)], handledAt(2))).toEqual(situations)
  })

  test('with its slip, after it was withdrawn, is refused late', () => {
    const early = { ...WITHDRAWN, parked: 'NO_SLIP' }
    expect(seen([operationsOf([1, early])], new BusRecord())).toEqual([])
    expect(seen([operationsOf([1, early], [2, WITHDRAWN])], new BusRecord())).toEqual(['late run refused'])
  })
})

describe('a saga that asks again', () => {
  const asking = (asks: number): object => ({
    plan: 'sale',
    id: '1',
    state: { phase: { at: 'running', step: 'pay', asks } },
  })
  const asked = sagasOf([1, asking(0)], [5, asking(1)])

  function lostAt(at: number, firstAt: number | null): BusRecord {
    const bus = new BusRecord()
    bus.lost.push({ message: answer, at })
    if (firstAt !== null) bus.firstAt.set(answer.id, firstAt)
    return bus
  }

  test.each([
    ['after the answer was lost', lostAt(3, 7)],
    ['after the answer was lost for good', lostAt(3, null)],
  ])('%s', (_what, bus) => {
    expect(seen([asked], bus)).toEqual(['asked again after a lost answer'])
  })

  test.each([
    ['before the answer was lost', lostAt(6, 7)],
    ['although another copy had come', lostAt(3, 3)],
    ['although the first answer had come', lostAt(3, 2)],
    ['and nothing was lost', new BusRecord()],
  ])('%s, does not do so for a loss', (_what, bus) => {
    expect(seen([asked], bus)).toEqual([])
  })

  test('that asks for something else does not do so for this loss', () => {
    const other = { ...asking(1), state: { phase: { at: 'undoing', step: 'pay', asks: 1 } } }
    expect(seen([sagasOf([5, other])], lostAt(3, null))).toEqual([])
  })
})
