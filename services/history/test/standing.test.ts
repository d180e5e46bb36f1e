// Scenes: where a saga stands, from what history knows of it.
import { describe, expect, test } from 'vitest'
import * as fc from 'fast-check'
import type { HistoryMessage, NoteMessage } from '@ensemble/core'
import { blankSummary, standOf, withDecision, withEnd, withNote, type SagaSummary } from '../standing.ts'
import { timelineOf } from '../timeline.ts'
import { asked, compensated, decision, note, ORDER, placing, T0 } from './support.ts'

type Told = HistoryMessage | NoteMessage | ReturnType<typeof compensated>

function summaryOf(told: readonly Told[]): SagaSummary {
  return told.reduce(
    (before, message) => {
      if (message.type === 'history') return withDecision(before, message)
      if (message.type === 'note') return withNote(before, message)
      return withEnd(before, { status: message.end.status, at: message.at })
    },
    blankSummary(placing, told[0]?.at ?? T0),
  )
}

const OPEN = `order.place/${ORDER}/openOrder/run`
const COLLECT = `order.place/${ORDER}/collectPayment/run`
const UNTIL = T0 + 86_400_000

const started = decision(1, { type: 'started', input: {} }, asked('openOrder', 'order'))
const opened = decision(
  2,
  { type: 'answered', step: 'openOrder', status: 'succeeded', data: null },
  asked('collectPayment', 'payment'),
)
const accepted = decision(3, { type: 'accepted', step: 'collectPayment', until: UNTIL })
const because = { step: 'collectPayment', status: 'rejected', reason: 'expired', data: null } as const
const refused = decision(
  4,
  { type: 'answered', step: 'collectPayment', status: 'rejected', data: null },
  { type: 'going-back', because },
  asked('openOrder', 'order', 'undo'),
)
const undone = decision(
  5,
  { type: 'undone', step: 'openOrder' },
  { type: 'ended', status: 'compensated', data: null },
)
const end = compensated(placing, because, T0 + 5_000)
const whole: readonly Told[] = [started, opened, accepted, refused, undone, end]

describe('entries say where it is', () => {
  test.each([
    ['asked', [started], 'running', 'order', true],
    ['asked the next', [started, opened], 'running', 'payment', true],
    ['promised', [started, opened, accepted], 'waiting', 'payment', true],
    ['going back', [started, opened, accepted, refused], 'running', 'order', true],
    ['ended', whole, 'ended', undefined, true],
    ['ended, told by its end only', [started, end], 'ended', undefined, false],
    ['a gap', [started, accepted], 'waiting', undefined, false],
    ['a gap at the start', [opened], 'running', 'payment', false],
  ])('given %s, then it stands so', (_given, told, ...expected) => {
    const stand = standOf(summaryOf(told))
    expect([stand.standing, stand.waitsFor?.participant, stand.complete]).toEqual(expected)
  })

  test('given a gap, when it is filled, then it is complete', () => {
    expect(standOf(summaryOf([started, accepted, opened]))).toEqual({
      status: 'running',
      standing: 'waiting',
      waitsFor: { participant: 'payment', step: 'collectPayment', direction: 'run', until: UNTIL },
      complete: true,
    })
  })
})

describe('notes say how its outstanding operation fares', () => {
  test.each([
    ['a retry', [started, note('retrying', OPEN, T0 + 1_001)], 'retrying'],
    ['a retry told by a slower clock', [started, note('retrying', OPEN, T0)], 'retrying'],
    [
      'retries used up',
      [started, note('retrying', OPEN, T0 + 1_001), note('parked', OPEN, T0 + 1_002)],
      'parked',
    ],
    [
      'parked, and asked again',
      [started, note('parked', OPEN, T0 + 1_001), note('overdue', null, T0 + 1_002)],
      'parked',
    ],
    ['resumed', [started, note('parked', OPEN, T0 + 1_001), note('resumed', OPEN, T0 + 1_002)], 'running'],
    ['silence', [started, note('overdue', null, T0 + 1_500)], 'overdue'],
    ['silence, then an answer', [started, note('overdue', null, T0 + 1_500), opened], 'running'],
    ['an old retry', [started, note('retrying', OPEN, T0 + 1_001), opened], 'running'],
    [
      'a retry before the promise',
      [started, opened, note('retrying', COLLECT, T0 + 2_500), accepted],
      'waiting',
    ],
    ['a cancel that was noted', [started, note('cancel-requested', null, T0 + 1_001)], 'running'],
    ['a note after the end', [...whole, note('retrying', OPEN, T0 + 9_000)], 'ended'],
    ['a note before everything', [note('parked', null, T0 + 1)], 'parked'],
  ])('given %s, then it stands so', (_given, told, standing) => {
    expect(standOf(summaryOf(told)).standing).toBe(standing)
  })
})

test('given the same messages in any order, then the summary is the same', () => {
  const told = [...whole, note('retrying', OPEN, T0 + 1_500), note('overdue', null, T0 + 2_500)]
  const inOrder = summaryOf(told)
  fc.assert(
    fc.property(fc.shuffledSubarray([...told], { minLength: told.length }), (shuffled) => {
      expect(summaryOf(shuffled)).toEqual(inOrder)
    }),
    { numRuns: 200 },
  )
})

test('given a saga, when shown, then its entries are numbered, in order and flat', () => {
  const told = [started, opened, accepted]
  const decisions = told.toReversed().map(({ seq, at, entries }) => ({ seq, at, entries }))
  const { note: said, ...rest } = note('retrying', OPEN, T0 + 1_500)
  expect(timelineOf({ summary: summaryOf(told), decisions, notes: [{ ...rest, ...said }] })).toEqual({
    saga: placing,
    status: 'running',
    standing: 'waiting',
    waits_for: {
      participant: 'payment',
      step: 'collectPayment',
      direction: 'run',
      until: '2026-11-24T10:00:00.000Z',
    },
    complete: true,
    started_at: '2026-11-23T10:00:01.000Z',
    updated_at: '2026-11-23T10:00:03.000Z',
    entries: [
      { seq: 1, at: '2026-11-23T10:00:01.000Z', type: 'started', input: {} },
      { seq: 1, at: '2026-11-23T10:00:01.000Z', ...asked('openOrder', 'order') },
      {
        seq: 2,
        at: '2026-11-23T10:00:02.000Z',
        type: 'answered',
        step: 'openOrder',
        status: 'succeeded',
        data: null,
      },
      { seq: 2, at: '2026-11-23T10:00:02.000Z', ...asked('collectPayment', 'payment') },
      {
        seq: 3,
        at: '2026-11-23T10:00:03.000Z',
        type: 'accepted',
        step: 'collectPayment',
        until: '2026-11-24T10:00:00.000Z',
      },
    ],
    notes: [
      {
        at: '2026-11-23T10:00:01.500Z',
        source: 'order',
        type: 'retrying',
        operation: OPEN,
        attempt: 1,
        detail: 'why',
      },
    ],
  })
})
