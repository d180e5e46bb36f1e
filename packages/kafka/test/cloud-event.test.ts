// A record is a CloudEvent in either mode; its value alone is enough to read it back.
import type { EventMessage, Message, TimerMessage } from '@ensemble/core'
import { expect, test } from 'vitest'
import { CONTENT_MODES, messageOf, recordOf } from '../src/cloud-event.ts'

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

test('structured: the value is the event, and the message its data', () => {
  const { key, value, headers } = recordOf(event, 'structured')
  expect({ key, headers }).toEqual({
    key: '7',
    headers: { 'content-type': 'application/cloudevents+json; charset=UTF-8' },
  })
  expect(JSON.parse(value)).toEqual({
    specversion: '1.0',
    id: 'order.place/7/preparePayment/run#answer',
    source: '/pay%20ment',
    type: 'payment.prepared',
    subject: '7',
    time: '2026-03-01T09:30:00.250Z',
    datacontenttype: 'application/json',
    data: event,
  })
})

test.each(CONTENT_MODES)('what is written %s is read back', (mode) => {
  expect(messageOf(recordOf(event, mode).value)).toEqual({ ok: true, message: event })
})

test('binary: an event has its name as type, its service as source, and its time', () => {
  expect(recordOf(event, 'binary')).toEqual({
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
  const retry = { type: 'retry', id: 'r', topic: 'a.commands', key: 'k', attempt: 1, message: event } as const
  const { headers } = recordOf(retry, 'binary')
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
  expect(recordOf(cancel, 'binary').headers['ce_time']).toBe('2026-03-01T09:30:00.250Z')
})

test.each(CONTENT_MODES)('%s: a traceparent that the message has goes along', (mode) => {
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
  const { headers, value } = recordOf(timer, mode)
  expect(headers['traceparent']).toBe(traceparent)
  expect(messageOf(value)).toEqual({ ok: true, message: timer })
})

test.for([
  ['nothing', undefined, 'a record without a value'],
  ['no JSON', 'no { json', 'not JSON'],
  ['no message', '{"id":"m1"}', "field 'topic' is not a text"],
  ['nothing but null', 'null', 'not an object'],
  ['an event without data', '{"specversion":"1.0","id":"m1"}', 'not an object'],
  ['an event of something else', '{"specversion":"1.0","data":{"id":"m1"}}', "field 'topic' is not a text"],
  ['two messages', '1,2', 'not JSON'],
  ['less than one', '', 'not JSON'],
] as const)('%s is not decoded', ([, value, reason]) => {
  expect(messageOf(value)).toEqual({ ok: false, text: value ?? '', reason })
})
