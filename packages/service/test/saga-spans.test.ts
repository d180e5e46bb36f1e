// What messages say of their sagas, as spans; and what a bus tells of messages.
import type { Message, SagaRef } from '@ensemble/core'
import { manualClock, memoryDatabase, sharedMemoryBus } from '@ensemble/memory'
import { describe, expect, test } from 'vitest'
import { spanOf, spanOfCall, traceOf } from '../src/tracing/saga-spans.ts'
import { tracedBus } from '../src/tracing/traced-bus.ts'

const SAGA: SagaRef = { plan: 'trip.book', id: 'a/b', pattern: 'orchestration' }
const CHOREOGRAPHED: SagaRef = { ...SAGA, pattern: 'choreography' }
const BASE = { id: 'm1', topic: 't', key: 'a/b' }
const AT = 1_000
const START: Message = {
  ...BASE,
  type: 'start',
  saga: SAGA,
  plan: { version: 1, fingerprint: 'f' },
  input: {},
  issuedAt: AT,
  slip: null,
  again: 0,
}
const NOTHING = { isRoot: false, isFault: false, attributes: {}, events: [] }

describe('a saga’s trace', () => {
  test('has ids that follow from its plan and id, whatever its pattern', () => {
    // sha256 of 'trip.book/a/b'
    expect(traceOf(SAGA)).toEqual({ traceId: '80222ec9016c56cce3378dc22a578067', spanId: 'd2ef745794cf45a8' })
    expect(traceOf(CHOREOGRAPHED)).toEqual(traceOf(SAGA))
    expect(traceOf({ ...SAGA, plan: 'trip.cancel' })).not.toEqual(traceOf(SAGA))
  })

  test('begins with the start; one that is sent again begins nothing', () => {
    expect(spanOf(START)).toEqual({ ...NOTHING, saga: SAGA, name: 'start trip.book', isRoot: true })
    expect(spanOf({ ...START, again: 1 })).toEqual({ ...NOTHING, saga: SAGA, name: 'start trip.book again' })
  })

  test('has each answer, under its step; an undo says so', () => {
    const answered: Message = {
      ...BASE,
      type: 'event',
      name: 'cards.refund-faulted',
      source: 'cards',
      at: AT,
      data: null,
      saga: SAGA,
      operation: 'trip.book/a/b/charge/undo',
      answer: { status: 'faulted', error: { code: 'X', message: 'broken' } },
      slip: null,
      again: 0,
    }
    expect(spanOf(answered)).toEqual({
      ...NOTHING,
      saga: SAGA,
      name: 'undo charge',
      isFault: true,
      attributes: {
        'saga.operation': 'trip.book/a/b/charge/undo',
        'saga.step': 'charge',
        'saga.direction': 'undo',
        'saga.outcome': 'faulted',
        'saga.event': 'cards.refund-faulted',
      },
    })
    expect(spanOf({ ...answered, operation: null, answer: null })).toBeNull()
  })

  test('has each decision, named by what it came to', () => {
    const decided: Message = {
      ...BASE,
      type: 'history',
      saga: SAGA,
      seq: 3,
      at: AT,
      entries: [
        { type: 'answered', step: 'charge', status: 'rejected', data: null },
        { type: 'ended', status: 'compensated', data: null },
      ],
    }
    expect(spanOf(decided)).toEqual({
      ...NOTHING,
      saga: SAGA,
      name: 'decide: ended compensated',
      attributes: { 'saga.seq': 3 },
      events: [
        { name: 'answered', attributes: { 'saga.step': 'charge', 'saga.outcome': 'rejected' } },
        { name: 'ended', attributes: { 'saga.outcome': 'compensated' } },
      ],
    })
  })

  test('has each call to the outside world; one that may have landed is a fault', () => {
    const told = { service: 'cards', saga: SAGA, operation: 'trip.book/a/b/charge/run', attempt: 2 }
    const when = { beganAt: AT, endedAt: AT + 5 }
    const called = spanOfCall({ ...told, ...when, said: 'succeeded' })
    expect(called).toEqual({
      ...NOTHING,
      saga: SAGA,
      name: 'call charge',
      attributes: {
        'saga.operation': 'trip.book/a/b/charge/run',
        'saga.step': 'charge',
        'saga.direction': 'run',
        'saga.attempt': 2,
        'saga.outcome': 'succeeded',
      },
    })
    expect(spanOfCall({ ...told, ...when, said: 'doubt' }).isFault).toBe(true)
  })

  test('shows what is parked as a fault', () => {
    const note = {
      type: 'parked',
      operation: 'trip.book/a/b/charge/run',
      attempt: 6,
      detail: 'broken',
    } as const
    expect(spanOf({ ...BASE, type: 'note', saga: SAGA, at: AT, source: 'cards', note })).toMatchObject({
      name: 'parked charge',
      isFault: true,
      attributes: { 'saga.attempt': 6, 'saga.detail': 'broken', 'saga.step': 'charge' },
    })
  })
})

describe('a traced bus', () => {
  const traced = async (told: (readonly Message[])[]) => {
    const database = memoryDatabase({ name: 'order', clock: manualClock(AT) })
    const bus = tracedBus(sharedMemoryBus(), () => (sent) => void told.push(sent))
    return await bus.connect({ service: 'order', database, topics: ['t'] })
  }

  test('tells what was sent, and that of a transaction that fails never', async () => {
    const told: (readonly Message[])[] = []
    const link = await traced(told)
    await link.transaction(async () => ({ value: null, messages: [START] }))
    const failing = link.transaction(async (tx) => {
      tx.defer(Promise.reject(new Error('too late')))
      return { value: null, messages: [START] }
    })
    await expect(failing).rejects.toThrow('too late')
    expect(told).toEqual([[START]])
  })

  test('tells of a batch once, also when it had failed before', async () => {
    const told: (readonly Message[])[] = []
    const link = await traced(told)
    await link.transaction(async () => ({ value: null, messages: [START] }))
    const answer: Message = { ...START, id: 'm2', topic: 'other' }
    const failing = link.receive(10, async (tx) => {
      tx.defer(Promise.reject(new Error('too late')))
      return [answer]
    })
    await expect(failing).rejects.toThrow('too late')
    expect(await link.receive(10, async () => [answer])).toBe(1)
    expect(await link.receive(10, async () => [answer])).toBe(0)
    expect(told).toEqual([[START], [answer]])
  })
})
