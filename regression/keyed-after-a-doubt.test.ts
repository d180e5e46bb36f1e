// A provider that has keys did not answer and, asked again, was away: that was held for the end of its first call,
// which may have landed, and the next provider sent the message once more. Found by the simulator.
import { expect, test } from 'vitest'
import { answered, nextStep, type Sent } from '@ensemble/service-notification/delivery'
import type { Message } from '@ensemble/service-notification/message'

const NOW = 1_000
const choice = {
  route: ['keyed', 'other'],
  resting: new Set<string>(),
  keyed: new Set(['keyed']),
  attemptsMax: 3,
  inDoubt: 'stop',
  now: NOW,
} as const
const UNKNOWN: Sent = { status: 'unknown', reason: 'no answer in time' }
const AWAY: Sent = { status: 'failed', reason: 'HTTP 503' }
const SENT: Sent = { status: 'sent', reference: null }

const message: Message = {
  id: '00000000-0000-4000-8000-000000000001',
  channel: 'email',
  template: null,
  userId: null,
  address: 'someone@example.test',
  subject: '',
  text: '',
  details: { language: 'en', data: {}, sender: null, isOtp: false },
  status: 'QUEUE',
  round: 0,
  attempts: [],
  fingerprint: '',
  createdAt: NOW,
  updatedAt: NOW,
}

/** Who was asked, and how the message stands after these answers. */
function asked(...answers: readonly Sent[]): readonly [providers: readonly string[], status: string] {
  const providers: string[] = []
  let now = message
  for (const sent of answers) {
    const step = nextStep(now, choice)
    if (step.do !== 'call') throw new Error(`nobody is asked: ${step.do}`)
    providers.push(step.provider)
    now = answered(step.message, { ...choice, attempt: step.attempt, sent })
  }
  return [providers, now.status]
}

test('that a keyed provider is away says nothing about its call before', () => {
  expect(asked(UNKNOWN, AWAY, AWAY, SENT)).toEqual([['keyed', 'keyed', 'keyed', 'keyed'], 'SENT'])
})

test('a worker that was first to ask does not speak for the one that asked again', () => {
  const first = nextStep(message, choice)
  if (first.do !== 'call') throw new Error('nobody is asked')
  const second = nextStep(first.message, choice)
  const after = answered(second.message, { ...choice, attempt: first.attempt, sent: AWAY })
  expect(nextStep(after, choice)).toMatchObject({ do: 'call', provider: 'keyed' })
})

test('away at once, it is left for the next one', () => {
  expect(asked(AWAY, SENT)).toEqual([['keyed', 'other'], 'SENT'])
})
