// A record is a CloudEvent in binary mode; its value alone is enough to read it back.
import type { EventMessage, Message, TimerMessage } from '@ensemble/core'
import { expect, test } from 'vitest'
import { messageOf, recordOf } from '../src/cloud-event.ts'

const AT = Date.parse('2026-03-01T09:30:00.250Z')
const event: EventMessage = {
  type: 'event',
  id: 'order.place/7/preparePayment/run#answer',
  topic: 'payment.events',
  key: '7',
  name: 'payment.prepared',
  source: 'pay ment',
  at: AT,
  data: { amount: 1 },
  saga: { plan: 'order.place', id: '7', pattern: 'choreography' },
  operation: 'order.place/7/preparePayment/run',
  answer: { status: 'succeeded', output: { amount: 1 } },
  slip: null,
  again: 0,
}

test('an event has its name as type, its service as source, and its time', () => {
  expect(recordOf(event)).toEqual({
    key: '7',
    value: JSON.stringify(event),
    headers: {
      ce_specversion: '1.0',
      ce_id: 'order.place/7/preparePayment/run#answer',
      ce_source: '/pay%20ment',
      ce_type: 'payment.prepared',
      ce_subject: '7',
      ce_time: '2026-03-01T09:30:00.250Z',
      'content-type': 'application/json',
    },
  })
})

test('a message without a name has its type, one without a sender the system, one without a time none', () => {
  const { headers } = recordOf({
    type: 'retry',
    id: 'r',
    topic: 'a.commands',
    key: 'k',
    attempt: 1,
    message: event,
  })
  expect(headers).toEqual({
    ce_specversion: '1.0',
    ce_id: 'r',
    ce_source: '/ensemble',
    ce_type: 'ensemble.retry',
    ce_subject: 'k',
    'content-type': 'application/json',
  })
})

test('the time of what is asked for is that of its first asking', () => {
  const cancel: Message = {
    type: 'cancel',
    id: 'c',
    topic: 'orchestrator.commands',
    key: '7',
    saga: { plan: 'order.place', id: '7', pattern: 'orchestration' },
    cancel: { reason: 'changed my mind', by: 'customer' },
    issuedAt: AT,
  }
  expect(recordOf(cancel).headers['ce_time']).toBe('2026-03-01T09:30:00.250Z')
})

test('a traceparent that the message has goes along', () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  const timer: TimerMessage & { traceparent: string } = {
    type: 'timer',
    id: 't',
    topic: 'a.commands',
    key: 'k',
    name: 'due',
    at: AT,
    data: null,
    saga: null,
    traceparent,
  }
  const { headers, value } = recordOf(timer)
  expect(headers['traceparent']).toBe(traceparent)
  expect(messageOf(value)).toEqual({ ok: true, message: timer })
})

test.for([
  ['nothing', undefined, 'a record without a value'],
  ['no JSON', 'no { json', 'not a JSON array of messages'],
  ['no message', '{"id":"m1"}', "field 'topic' is not a text"],
  ['two messages', '1,2', 'not one message'],
  ['less than one', '', 'not one message'],
] as const)('%s is not decoded', ([, value, reason]) => {
  expect(messageOf(value)).toEqual({ ok: false, text: value ?? '', reason })
})
