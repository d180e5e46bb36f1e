// A run as a drawing: arrows to who acts, notes of what went wrong, not more than fit.
import type { Message, SagaRef } from '@ensemble/core'
import { sequenceDiagram } from '@ensemble/simulator'
import { expect, test } from 'vitest'
import { Trace } from '../src/trace.ts'

type Moment = Parameters<typeof sequenceDiagram>[0][number]

const saga: SagaRef = { plan: 'trip', id: '1', pattern: 'orchestration' }
const plan = { version: 1, fingerprint: '' }
const start: Message = {
  type: 'start',
  id: 'trip/1#start',
  topic: 'saga.started',
  key: '1',
  saga,
  plan,
  input: {},
  issuedAt: 0,
  slip: null,
  again: 0,
}
const booked: Message = {
  type: 'event',
  id: 'trip/1/book/run#answer',
  topic: 'seats.events',
  key: '1',
  name: 'seats.booked',
  source: 'seats',
  at: 0,
  data: {},
  saga,
  operation: 'trip/1/book/run',
  answer: { status: 'succeeded', output: {} },
  slip: null,
  again: 0,
}
const sent = (who: string, message: Message): Moment => ({ at: 0, who, type: 'sent', message })
const took = (who: string, message: Message): Moment => ({ at: 0, who, type: 'took', message })
const told = (who: string, what: string): Moment => ({ at: 0, who, type: 'told', what })

test('arrows go to who acts; a second delivery is dashed, crashes are notes', () => {
  const moments: readonly Moment[] = [
    { at: 0, who: 'desk#1', type: 'called', name: 'start trip/1' },
    sent('desk#1', start),
    told('orchestrator#1', 'FAULT news lost 1'),
    took('orchestrator#1', start),
    told('orchestrator#1', 'FAULT crash before call 1'),
    told('orchestrator#1', 'crash before COMMIT'),
    took('orchestrator#2', start),
    took('orchestrator#2', start),
    sent('seats#1', booked),
    told('all', 'FAULT rebalance 1'),
    took('orchestrator#1', booked),
    told('seats#1', 'error receive: CONNECTION'),
    told('cards#1', 'paused for 300 ms'),
  ]
  expect(sequenceDiagram(moments).split('\n')).toEqual([
    'sequenceDiagram',
    '  actor customer',
    '  participant desk',
    '  participant orchestrator',
    '  participant seats',
    '  participant cards',
    '  customer->>desk: start trip/1',
    '  desk->>orchestrator: start [1]',
    '  Note over orchestrator: crash before COMMIT',
    '  desk-->>orchestrator: start [1], again',
    '  Note over customer: all: rebalance 1',
    '  seats->>orchestrator: seats.booked [1]',
    '  Note over cards: paused for 300 ms',
  ])
})

test('what does not fit is counted', () => {
  const calls = (count: number): readonly Moment[] =>
    Array.from({ length: count }, (_, index) => ({
      at: 0,
      who: 'desk#1',
      type: 'called',
      name: `call ${index}`,
    }))
  const lines = (count: number) => sequenceDiagram(calls(count)).split('\n')
  expect(lines(200).at(-1)).toBe('  customer->>desk: call 199')
  expect(lines(201).slice(-2)).toEqual([
    '  customer->>desk: call 199',
    '  Note over desk: 1 more are left out',
  ])
})

test('who acts is told of, and who only reads is not', () => {
  const taken = (played: ReadonlyMap<string, string>, who: string, message: Message): number => {
    const trace = new Trace({ now: () => 0, keeps: true, played })
    trace.watch?.took(who, [{ ok: true, message, topic: message.topic, partition: 0, position: '0' }])
    return trace.moments.length
  }
  const apart = new Map([['orchestrator', 'orchestrator']])
  const own = new Map([['orchestrator', 'desk']])
  expect(taken(apart, 'orchestrator#1', booked)).toBe(1)
  expect(taken(apart, 'desk#1', booked)).toBe(0)
  expect(taken(own, 'desk#1', booked)).toBe(1)
  expect(taken(own, 'desk#1', { ...booked, handledBy: 'desk' })).toBe(0)
})

test('of those at home together each says its own, and does at once what is for it', () => {
  const trace = new Trace({ now: () => 0, keeps: true, played: new Map([['orchestrator', 'desk']]) })
  const asked = {
    ...booked,
    type: 'command',
    id: 'trip/1/book/run',
    ask: { participant: 'seats', request: 'book' },
  }
  trace.watch?.sent('desk#2', { ...asked, handledBy: 'seats' } as unknown as Message)
  trace.watch?.sent('desk#2', { ...booked, handledBy: 'desk' })
  trace.watch?.sent('seats#2', booked)
  expect(trace.lines.map((line) => line.trim().replace(/^\S+ +/, ''))).toEqual([
    'desk#2           sends asks seats.book [trip/1]',
    'seats#2          does at once asks seats.book [trip/1], by desk#2',
    'seats#2          sends seats.booked [trip/1], by desk#2',
    'desk#2           does at once seats.booked [trip/1]',
    'seats#2          sends seats.booked [trip/1]',
  ])
  expect(sequenceDiagram(trace.moments).split('\n').slice(4)).toEqual([
    '  desk->>seats: asks seats.book [1]',
    '  seats->>desk: seats.booked [1]',
  ])
})
