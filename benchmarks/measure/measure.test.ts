import type { Message } from '@ensemble/core'
import { memoryDatabase, sharedMemoryBus } from '@ensemble/memory'
import type { Bus } from '@ensemble/runtime'
import { describe, expect, test } from 'vitest'
import { costOf } from './cost.ts'
import { problemsOfAcks, problemsOfKafka, problemsOfPostgres } from './durable-problems.ts'
import { isDue, load } from './load.ts'
import { flagsOf } from './options.ts'
import { cpuMsIn } from './processor.ts'
import { batchesOf, startTelling, together, type Tally } from './tally.ts'
import { growthOf } from './watch.ts'

describe('what is not durable is refused', () => {
  const postgres = { fsync: 'on', synchronous_commit: 'on', full_page_writes: 'on' }
  const kafka = {
    'min.insync.replicas': '1',
    'default.replication.factor': '1',
    'unclean.leader.election.enable': 'false',
  }

  test('durable settings have no problem', () => {
    expect([...problemsOfPostgres(postgres), ...problemsOfKafka(kafka), ...problemsOfAcks([-1])]).toEqual([])
  })

  test.each(['fsync', 'synchronous_commit', 'full_page_writes'])('%s is off', (name) => {
    expect(problemsOfPostgres({ ...postgres, [name]: 'off' })).toEqual([`PostgreSQL: ${name} is off, not on`])
  })

  test('three replicas of which one may acknowledge alone, an unclean leader, a producer that does not wait', () => {
    expect(problemsOfKafka({ ...kafka, 'default.replication.factor': '3' })).toHaveLength(1)
    expect(problemsOfKafka({ ...kafka, 'unclean.leader.election.enable': 'true' })).toHaveLength(1)
    expect(problemsOfAcks([-1, 1])).toEqual(['Kafka: a producer wrote with acks 1, not all'])
  })
})

describe('the closed loop', () => {
  test('a count is done exactly, by all callers together', async () => {
    const done: number[] = []
    const one = async (n: number): Promise<'odd' | 'even'> => {
      done.push(n)
      return n % 2 === 0 ? 'even' : 'odd'
    }
    const { ends, latencies } = await load({ concurrency: 3, until: { count: 7 }, one })
    expect(done.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7])
    expect(ends).toEqual({ odd: 4, even: 3 })
    expect(latencies.count).toBe(7)
  })

  test('the first failure ends it', async () => {
    let count = 0
    const one = async (): Promise<'done'> => {
      count += 1
      if (count === 3) throw new Error('broken')
      return await new Promise((resolve) => setImmediate(() => resolve('done')))
    }
    await expect(load({ concurrency: 1, until: { count: 1_000 }, one })).rejects.toThrow('broken')
    expect(count).toBe(3)
  })

  test.each([
    [0, []],
    [0.1, [10, 20, 30]],
    [0.5, [2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30]],
    [1, Array.from({ length: 30 }, (_, index) => index + 1)],
  ])('a share of %d is evenly spread', (share, due) => {
    expect(Array.from({ length: 30 }, (_, index) => index + 1).filter((n) => isDue(n, share))).toEqual(due)
  })
})

describe('processor time', () => {
  const stat = (parent: number, ownMs: number, endedMs = 0) => ({ parent, ownMs, endedMs })

  test('of a process is also that of all below it and of those that have ended', () => {
    const stats = new Map([
      [1, stat(0, 1_000)],
      [10, stat(1, 5, 100)],
      [11, stat(10, 20)],
      [12, stat(11, 30)],
      [20, stat(1, 999)],
    ])
    expect(cpuMsIn(stats, 10)).toBe(155)
    expect(cpuMsIn(stats, 99)).toBe(0)
  })

  const reading = { oursCpuMs: 100, postgresCpuMs: 50, kafkaCpuMs: null, commits: 10, walBytes: 1_000 }
  const later = { oursCpuMs: 300, postgresCpuMs: 150, kafkaCpuMs: null, commits: 30, walBytes: 9_000 }

  test('a cost is what grew, for each saga', () => {
    expect(costOf(reading, later, 100)).toEqual({
      cpu_ms_per_saga: { ours: 2, postgres: 1, kafka: null },
      cpu_ms_per_saga_all: 3,
      commits_per_saga: 0.2,
      wal_bytes_per_saga: 80,
    })
  })

  test('a server that does not tell makes the sum unknown', () => {
    const unknown = { ...reading, postgresCpuMs: null }
    expect(costOf(unknown, later, 100).cpu_ms_per_saga_all).toBe(null)
  })
})

describe('tallies', () => {
  const none = { batches: 0, items: 0 }
  const tally: Tally = {
    verbs: { start: none, receive: { batches: 2, items: 10 }, perform: none, advance: none },
    messages: 7,
    errors: 0,
    cpuMs: 5,
    rssBytes: 100,
    heapBytes: 50,
    acks: [-1],
  }

  test('count what a link sends, and leave the rest of it as it is', async () => {
    const database = memoryDatabase({ name: 'a', clock: { now: () => 0 } })
    const bus = sharedMemoryBus()
    const teller = startTelling()
    const told: Bus = { connect: async (what) => ({ ...(await bus.connect(what)), tellsAll: true }) }
    const link = await teller.counted(told).connect({ service: 'a', database, topics: ['a.events'] })
    const message = { type: 'event', id: '1', topic: 'a.events', key: 'k' } as unknown as Message
    await link.transaction(async () => ({ value: null, messages: [message, message] }))
    expect(await link.receive(10, async () => [message])).toBe(2)
    await link.close()
    expect(link.tellsAll).toBe(true)
    expect(teller.tally().messages).toBe(3)
  })

  test('of processes are added up', () => {
    expect(together([tally, tally])).toMatchObject({ messages: 14, rssBytes: 200, acks: [-1] })
  })

  test('between two, the mean of what a verb took at a time; verbs that rested are left out', () => {
    const later = { ...tally, verbs: { ...tally.verbs, receive: { batches: 6, items: 50 } } }
    expect(batchesOf(tally, later)).toEqual({ receive: 10 })
  })
})

test('growth is by the second, of tables that changed', () => {
  const at = (seconds: number) => ({
    seconds,
    sagasPerS: 100 - seconds / 3_600,
    rssBytes: 1_000 + seconds,
    heapBytes: 500,
    tables: { 'a.grows': seconds * 20, 'a.rests': 8_192 },
  })
  expect(growthOf([0, 10, 20].map(at))).toEqual({
    sagas_per_s_per_hour: -1,
    rss_bytes_per_s: 1,
    heap_bytes_per_s: 0,
    tables_bytes_per_s: { 'a.grows': 20 },
  })
  expect(growthOf([0, 10].map(at))).toBe(null)
})

test('options as flags', () => {
  expect(flagsOf({ valueBytes: 10, bus: 'kafka', sagas: undefined })).toEqual([
    '--value-bytes',
    '10',
    '--bus',
    'kafka',
  ])
})
