// Scenes: from one provider to the next, and where that ends.
import { describe, expect, test } from 'vitest'
import {
  AGE_MS_MAX,
  answered,
  attemptId,
  attemptOf,
  nextStep,
  OTP_AGE_MS_MAX,
  reported,
  type Choice,
  type Sent,
} from '../delivery.ts'
import type { Attempt, AttemptStatus, Message, MessageStatus } from '../message.ts'
import { messageOf, NOW } from './messages.ts'

const choice: Choice = {
  route: ['a', 'b', 'c'],
  resting: new Set(),
  keyed: new Set(),
  attemptsMax: 6,
  inDoubt: 'stop',
  now: NOW + 1,
}

function attempt(provider: string, status: AttemptStatus): Attempt {
  return { provider, status, at: NOW, response: null, reference: null }
}

/** `a FAILED, b CALLING`. */
function after(history: string, of: Partial<Message> = {}): Message {
  const attempts = history.split(', ').map((one) => {
    const [provider = '', status = ''] = one.split(' ')
    return attempt(provider, status as AttemptStatus)
  })
  return messageOf({ status: 'SENDING', attempts: history === '' ? [] : attempts, ...of })
}

const told = ({ status, attempts }: Message) => [
  status,
  attempts.map((one) => `${one.provider} ${one.status}`).join(', '),
]

describe('who is asked next', () => {
  test.each<[string, Partial<Choice>, string]>([
    ['', {}, 'a'],
    ['a FAILED', {}, 'b'],
    ['a REJECTED, b FAILED', {}, 'c'],
    ['a FAILED, b FAILED, c FAILED', {}, 'a'],
    ['a REJECTED, b FAILED, c REJECTED', {}, 'b'],
    ['a UNDELIVERED', {}, 'b'],
    ['', { resting: new Set(['a']) }, 'b'],
    ['a UNKNOWN', { inDoubt: 'next' }, 'b'],
    ['a CALLING', { inDoubt: 'next' }, 'b'],
    ['a CALLING', { keyed: new Set(['a']) }, 'a'],
  ])('given %j and %j, then %s', (history, change, provider) => {
    const step = nextStep(after(history), { ...choice, ...change })
    expect(step).toMatchObject({ do: 'call', provider })
    if (step.do !== 'call') return
    expect(step.message.attempts[step.attempt]).toMatchObject({ provider, status: 'CALLING' })
  })

  test.each<[string, Message, Partial<Choice>, MessageStatus]>([
    ['everybody refused', after('a REJECTED, b REJECTED, c UNDELIVERED'), {}, 'UNDELIVERABLE'],
    ['everybody failed twice', after('a FAILED, a FAILED'), { route: ['a'] }, 'UNDELIVERABLE'],
    ['as many attempts as may be', after('a FAILED, b FAILED'), { attemptsMax: 2 }, 'UNDELIVERABLE'],
    ['nobody is there', after(''), { route: [] }, 'UNDELIVERABLE'],
    ['a worker died in its call', after('a CALLING'), {}, 'UNKNOWN'],
    ['a day is over', after(''), { now: NOW + AGE_MS_MAX + 1 }, 'UNDELIVERABLE'],
    ['it is settled', after('a SENT', { status: 'SENT' }), {}, 'SENT'],
  ])('given %s, then it ends', (_given, message, change, status) => {
    expect(nextStep(message, { ...choice, ...change })).toMatchObject({ do: 'end', message: { status } })
  })

  test('given a one-time password, when it is ten minutes old, then it is not sent any more', () => {
    const otp = messageOf({ details: { ...messageOf().details, isOtp: true } })
    expect(nextStep(otp, { ...choice, now: NOW + OTP_AGE_MS_MAX }).do).toBe('call')
    expect(nextStep(otp, { ...choice, now: NOW + OTP_AGE_MS_MAX + 1 }).do).toBe('end')
  })

  test('given that all who are left rest, then it waits, and nothing is written', () => {
    const message = after('a REJECTED')
    const step = nextStep(message, { ...choice, resting: new Set(['b', 'c']) })
    expect(step).toEqual({ do: 'wait', message, reason: 'resting: b, c' })
  })
})

describe('what an answer means', () => {
  const sent: Sent = { status: 'sent', reference: 'r1' }
  const heard = { attempt: 0, inDoubt: 'stop', keyed: new Set<string>(), now: NOW + 1 } as const

  test.each<[Sent, 'stop' | 'next', MessageStatus, AttemptStatus]>([
    [sent, 'stop', 'SENT', 'SENT'],
    [{ status: 'rejected', reason: 'no' }, 'stop', 'SENDING', 'REJECTED'],
    [{ status: 'failed', reason: 'no' }, 'stop', 'SENDING', 'FAILED'],
    [{ status: 'unknown', reason: 'no' }, 'stop', 'UNKNOWN', 'UNKNOWN'],
    [{ status: 'unknown', reason: 'no' }, 'next', 'SENDING', 'UNKNOWN'],
  ])('given %j and %s in doubt, then %s', (said, inDoubt, status, one) => {
    expect(told(answered(after('a CALLING'), { ...heard, sent: said, inDoubt }))).toEqual([
      status,
      `a ${one}`,
    ])
  })

  test('given a provider that knows keys, when in doubt, then the call stays open', () => {
    const message = after('a CALLING')
    const said: Sent = { status: 'unknown', reason: 'no' }
    expect(answered(message, { ...heard, sent: said, keyed: new Set(['a']) })).toBe(message)
  })

  test('given a report that was quicker, then it stands', () => {
    const message = after('a DELIVERED', { status: 'DELIVERED' })
    expect(answered(message, { ...heard, sent })).toBe(message)
  })

  test('given a word that comes after the doubt was settled, then it is the better one', () => {
    const message = after('a UNKNOWN', { status: 'UNKNOWN' })
    expect(told(answered(message, { ...heard, sent }))).toEqual(['SENT', 'a SENT'])
  })
})

describe('what a report means', () => {
  const report = { attempt: 0, provider: 'a', isDelivered: true, reason: 'delivered' }
  const bad = { ...report, isDelivered: false, reason: 'absent' }

  test.each<[string, Message, typeof report, [MessageStatus, string, number]]>([
    ['delivered', after('a SENT', { status: 'SENT' }), report, ['DELIVERED', 'a DELIVERED', 0]],
    [
      'delivered in the end',
      after('a UNKNOWN', { status: 'UNKNOWN' }),
      report,
      ['DELIVERED', 'a DELIVERED', 0],
    ],
    ['delivered before the answer', after('a CALLING'), report, ['DELIVERED', 'a DELIVERED', 0]],
    ['not delivered', after('a SENT', { status: 'SENT' }), bad, ['QUEUE', 'a UNDELIVERED', 1]],
    ['not delivered before the answer', after('a CALLING'), bad, ['SENDING', 'a UNDELIVERED', 0]],
    [
      'not delivered, and another was asked since',
      after('a UNKNOWN, b SENT', { status: 'SENT' }),
      bad,
      ['SENT', 'a UNDELIVERED, b SENT', 0],
    ],
  ])('given %s, then so it stands', (_given, message, said, [status, history, round]) => {
    const next = reported(message, said, NOW + 1)
    expect(next && [...told(next), next.round]).toEqual([status, history, round])
  })

  test.each([
    ['the same again', after('a DELIVERED', { status: 'DELIVERED' }), report],
    ['the contrary later', after('a DELIVERED', { status: 'DELIVERED' }), bad],
    ['a refusal again', after('a UNDELIVERED, b SENT', { status: 'SENT' }), bad],
    ['a word about what was never taken', after('a FAILED'), report],
  ])('given %s, then nothing changes', (_given, message, said) => {
    expect(reported(message, said, NOW + 1)).toBe(message)
  })

  test('given an attempt that was never made, or of another provider, then there is none', () => {
    expect(reported(after('a SENT'), { ...report, attempt: 1 }, NOW)).toBeUndefined()
    expect(reported(after('b SENT'), report, NOW)).toBeUndefined()
  })
})

test('an attempt is found again by its id, and nothing else is', () => {
  const message = messageOf()
  expect(attemptOf(attemptId(message, 11))).toEqual({ messageId: message.id, attempt: 11 })
  for (const text of ['', message.id, `${message.id}-0`, `${message.id}-100`, `${message.id}-1' OR 1=1`])
    expect(attemptOf(text)).toBeUndefined()
})
