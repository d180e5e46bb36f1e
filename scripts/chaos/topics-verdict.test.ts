// What must be true of everything that was sent, and that each breach is named.
import { expect, test } from 'vitest'
import { topicsVerdict, type Sent } from './topics-verdict.ts'

const saga = { plan: 'order.place', id: 'o', pattern: 'orchestration' }
const STARTS = [{ plan: 'order.place', id: 'o', status: 'completed' }]

function sent(topic: string, message: Readonly<Record<string, unknown>>): Sent {
  return { topic, id: String(message['id']), text: JSON.stringify(message) }
}

const START = sent('saga.started', { type: 'start', id: 'o#start', saga })
const OPENED = sent('order.events', {
  type: 'event',
  id: 'o/openOrder#answer',
  saga,
  operation: 'o/openOrder',
  answer: { status: 'succeeded' },
})
const CHECKED = { type: 'event', id: 'o/verifyUser#answer', saga, operation: null, answer: null }
const END = sent('saga.ended', { type: 'ended', id: 'o#end', saga, end: { status: 'completed' } })
const RIGHT = [START, OPENED, END]

test('a saga that ended once, with messages that came twice, is right', () => {
  expect(topicsVerdict([...RIGHT, OPENED, END], STARTS)).toEqual({ violations: [], twiceCount: 2 })
})

test('a choreographed saga whose start was done at home has none on the topics', () => {
  const end = {
    type: 'ended',
    id: 'o#end',
    saga: { ...saga, pattern: 'choreography' },
    end: { status: 'completed' },
  }
  expect(topicsVerdict([OPENED, sent('saga.ended', end)], STARTS).violations).toEqual([])
})

test('a check that is asked again answers the same at another time', () => {
  const twice = [1, 2].map((at) => sent('user.events', { ...CHECKED, at }))
  expect(topicsVerdict([...RIGHT, ...twice], STARTS)).toEqual({ violations: [], twiceCount: 1 })
})

test('a check of an orchestrator that is withdrawn after its answer may say both', () => {
  const operation = 'o/verifyUser'
  const ask = sent('user.commands', { type: 'command', id: 'c', saga, ask: { operation, kind: 'check' } })
  const both = [
    sent('user.events', { ...CHECKED, operation, answer: { status: 'succeeded' } }),
    sent('user.events', {
      ...CHECKED,
      id: `${operation}#answer~withdrawn`,
      operation,
      answer: { status: 'withdrawn' },
    }),
  ]
  expect(topicsVerdict([...RIGHT, ask, ...both], STARTS).violations).toEqual([])
  expect(topicsVerdict([...RIGHT, ...both], STARTS).violations).toEqual([
    'topics: o/verifyUser has two answers',
  ])
})

test.each<[string, readonly Sent[], RegExp]>([
  ['an end is lost', [START, OPENED], /^topics: order.place\/o is completed, started 1 times, ended as \[\]/],
  ['a start is lost', [OPENED, END], /started 0 times/],
  [
    'two starts',
    [...RIGHT, sent('saga.started', { type: 'start', id: 'o#start 2', saga })],
    /^topics: order.place\/o is completed, started 2 times/,
  ],
  [
    'two ends',
    [...RIGHT, sent('saga.ended', { type: 'ended', id: 'o#2', saga, end: { status: 'compensated' } })],
    /ended as \["o#end completed","o#2 compensated"\]/,
  ],
  [
    'two answers of one operation',
    [
      ...RIGHT,
      sent('order.events', {
        type: 'event',
        id: 'another',
        saga,
        operation: 'o/openOrder',
        answer: { status: 'rejected' },
      }),
    ],
    /^topics: o\/openOrder has two answers/,
  ],
  ['one id says two things', [...RIGHT, { ...END, text: '{}' }], /^topics: saga.ended o#end says two things/],
  ['a dead letter', [...RIGHT, sent('order.dead-letters', { id: 'd' })], /is a dead letter$/],
  ['what is no message', [...RIGHT, sent('order.events', { id: 'x' })], /is no message$/],
  [
    'a saga of nobody',
    [...RIGHT, sent('saga.started', { type: 'start', id: 'p', saga: { ...saga, id: 'p' } })],
    /^topics: nobody started order.place\/p/,
  ],
])('%s: it is named', (_title, records, named) => {
  expect(topicsVerdict(records, STARTS).violations).toContainEqual(expect.stringMatching(named))
})
