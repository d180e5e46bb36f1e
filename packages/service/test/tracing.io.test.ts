// Traces of two processes, as a collector gets them.
import { channel } from 'node:diagnostics_channel'
import type { Message } from '@ensemble/core'
import { manualClock, memoryDatabase, sharedMemoryBus } from '@ensemble/memory'
import type { CallTold } from '@ensemble/runtime'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startCollector, type Collector } from '../src/testing/collector.ts'
import { traceOf } from '../src/tracing/saga-spans.ts'
import { startTracing } from '../src/tracing/tracing.ts'

const SAGA_COUNT = 200
const IDS = Array.from({ length: SAGA_COUNT }, (_, index) => `trip-${index}`)

let collector: Collector
beforeEach(async () => {
  collector = await startCollector()
})
afterEach(async () => {
  await collector.close()
})

function decided(id: string): Message {
  const saga = { plan: 'trip.book', id, pattern: 'orchestration' } as const
  return { id: `${id}#1`, topic: 't', key: id, type: 'history', saga, seq: 1, at: 1, entries: [] }
}

/** Sends a decision about every saga as a process of its own would, and stops. */
async function sendAll(service: string, ratio: number): Promise<void> {
  const settings = {
    endpoint: collector.endpoint,
    headers: { 'x-key': 'mine' },
    serviceName: undefined,
    ratio,
  }
  const failures: unknown[] = []
  const tracing = startTracing({ settings, version: '1', fail: (error) => failures.push(error) })
  const database = memoryDatabase({ name: service, clock: manualClock(1) })
  const bus = tracing.bus(sharedMemoryBus(), service)
  const link = await bus.connect({ service, database, topics: [] })
  await link.transaction(async () => ({ value: null, messages: IDS.map(decided) }))
  await tracing.stop()
  expect(failures).toEqual([])
}

const keptBy = (service: string): readonly unknown[] =>
  collector.spans.filter((span) => span.service === service).map(({ attributes }) => attributes['saga.id'])

test('a stop sends what is left', async () => {
  await sendAll('seats', 1)
  expect(keptBy('seats')).toEqual(IDS)
  expect(collector.headers.map((headers) => headers['x-key'])).toEqual(['mine'])
})

test('when a part of traces is kept, every process keeps the same ones', async () => {
  await sendAll('seats', 0.5)
  await sendAll('cards', 0.5)

  const kept = keptBy('seats')
  expect(kept.length).toBeGreaterThan(SAGA_COUNT / 4)
  expect(kept.length).toBeLessThan((SAGA_COUNT * 3) / 4)
  expect(keptBy('cards')).toEqual(kept)
})

test('a call to the outside world is a span of its saga, as long as the call', async () => {
  const settings = { endpoint: collector.endpoint, headers: {}, serviceName: 'shop', ratio: 1 }
  const tracing = startTracing({ settings, version: '1', fail: () => undefined })
  tracing.bus(sharedMemoryBus(), 'cards')
  const saga = { plan: 'trip.book', id: 'trip-1', pattern: 'orchestration' } as const
  const operation = 'trip.book/trip-1/charge/run'
  const told: CallTold = {
    service: 'cards',
    saga,
    operation,
    attempt: 1,
    beganAt: 1_000,
    endedAt: 1_250,
    said: 'doubt',
  }
  channel('ensemble:call').publish(told)
  channel('ensemble:call').publish({ ...told, service: 'of another system' })
  await tracing.stop()
  channel('ensemble:call').publish(told)

  const { traceId, spanId: parentSpanId } = traceOf(saga)
  const times = { startTimeUnixNano: '1000000000', endTimeUnixNano: '1250000000' }
  const called = {
    name: 'call charge',
    service: 'shop',
    traceId,
    parentSpanId,
    ...times,
    status: { code: 2 },
  }
  expect(collector.spans).toMatchObject([called])
})

test('of no part nothing is sent', async () => {
  await sendAll('seats', 0)
  expect(collector.spans).toEqual([])
})
