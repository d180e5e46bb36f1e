// The library's errors in our codes: what says nothing about the messages is CONNECTION, however deep it is wrapped.
import {
  AuthenticationError,
  MultipleErrors,
  NetworkError,
  ProtocolError,
  UserError,
} from '@platformatic/kafka'
import { expect, test } from 'vitest'
import { KafkaError, kafkaError } from '../src/errors.ts'

const wrapped = (error: Error) =>
  new MultipleErrors('send failed 3 times.', [new MultipleErrors('x', [error])])

test.for([
  ['a connection that failed', new NetworkError('refused'), 'CONNECTION'],
  ['a coordinator that loads', new ProtocolError('COORDINATOR_LOAD_IN_PROGRESS'), 'CONNECTION'],
  ['a leader that is none any more', new ProtocolError('NOT_LEADER_OR_FOLLOWER'), 'CONNECTION'],
  ['a password that is wrong', new ProtocolError('SASL_AUTHENTICATION_FAILED'), 'AUTHENTICATION'],
  ['a record that is too large', new ProtocolError('MESSAGE_TOO_LARGE'), 'MESSAGE_TOO_LARGE'],
  ['a right that is missing', new ProtocolError('TOPIC_AUTHORIZATION_FAILED'), 'KAFKA'],
  ['a wrong option', new UserError('no'), 'KAFKA'],
] as const)('%s', ([, error, code]) => {
  for (const one of [error, wrapped(error)]) {
    const found = kafkaError('send', one)
    expect([found.code, found.message]).toEqual([code, `cannot send: ${error.message}`])
  }
})

test.for([
  [
    'a password that is wrong',
    new AuthenticationError('No.', { cause: new ProtocolError('SASL_AUTHENTICATION_FAILED') }),
    'AUTHENTICATION',
    'SASL authentication failed.',
  ],
  [
    'a connection that ends before the password is asked for',
    new AuthenticationError('No.', { cause: new NetworkError('Connection closed') }),
    'CONNECTION',
    'Connection closed',
  ],
  [
    'an authority that is not trusted',
    new Error('self-signed certificate'),
    'CONNECTION',
    'self-signed certificate',
  ],
] as const)('%s, as the cause of a connection that failed', ([, cause, code, reason]) => {
  const found = kafkaError('send', wrapped(new NetworkError('Connection to kafka:1 failed.', { cause })))
  expect([found.code, found.message]).toEqual([code, `cannot send: Connection to kafka:1 failed: ${reason}`])
})

test('what is translated already stays as it is', () => {
  const error = new KafkaError('STALLED', 'stands still')
  expect(kafkaError('read', error)).toBe(error)
  expect(kafkaError('read', 'a text')).toMatchObject({ code: 'KAFKA', message: 'cannot read: a text' })
})
