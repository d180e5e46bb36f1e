// Scenes: what is sent to whom, and what waits for an address.
import { describe, expect, test } from 'vitest'
import { Uuid, type UserResult } from '@ensemble/service-contracts'
import * as rules from '../receiver.ts'
import { WAITING_COUNT_MAX, type Receiver } from '../receiver.ts'

const USER = '5f0c2a34-7a0e-4f0b-9a55-0d9f3a1c7e21'
const ORDER = '1b8a6c1e-2f55-4d0e-8a59-6d3d7a0b9c11'
const NOW = Date.parse('2026-11-23T10:00:00.000Z')
const at = (operation: string, now = NOW) => ({ now, operation })

const maya: UserResult = {
  uuid: USER,
  first_name: 'Maya',
  last_name: null,
  email: 'Maya@Example.test',
  site_profil: `Maya-${USER}`,
  handphone: '081247930699',
  address: 'Street 1',
  city: null,
  province: null,
  district: null,
  created_at: '2026-11-23T09:00:00.000Z',
  updated_at: '2026-11-23T09:00:00.000Z',
  deleted_at: null,
}
const contact = { first_name: 'Maya', email: 'Maya@Example.test', handphone: '081247930699' }
const known: Receiver = {
  userId: USER,
  contact,
  knownAt: Date.parse(maya.updated_at),
  waiting: [],
  version: 3,
}
const refunded = { uuid_order: ORDER, uuid_user: USER, amount: 500, because: 'expired' as const }
const sent = (now: number) => [
  { provider: 'local', status: 'SENT', at: now, response: null, reference: null },
]

describe('a step of a saga', () => {
  test('given a contact in the command, when sent, then the message goes there and nothing else changes', () => {
    const input = {
      template: 'welcome' as const,
      to: { uuid_user: USER, ...contact },
      data: { site_profil: 'Maya-1' },
    }
    const change = rules.send(undefined, input, at('user.register/u/welcome/run'))
    const { id } = change.outcome.output
    expect(Uuid.safeParse(id).success).toBe(true)
    expect(change).toEqual({
      outcome: { status: 'succeeded', output: { id } },
      entries: [
        {
          type: 'new',
          message: {
            id,
            channel: 'email',
            template: 'welcome',
            userId: USER,
            address: 'maya@example.test',
            subject: 'Welcome',
            text: 'Hello Maya,\nYour account is ready.\nYour public name is Maya-1.',
            details: {
              language: 'en',
              data: { site_profil: 'Maya-1', first_name: 'Maya' },
              sender: null,
              isOtp: false,
            },
            status: 'SENT',
            round: 0,
            attempts: sent(NOW),
            fingerprint: '',
            createdAt: NOW,
            updatedAt: NOW,
          },
        },
      ],
    })
    expect(rules.send(known, input, at('user.register/u/welcome/run', NOW + 5)).outcome).toEqual(
      change.outcome,
    )
    expect(rules.send(known, input, at('another')).outcome.output.id).not.toBe(id)
  })
})

describe('an event about a user', () => {
  test('given a known contact, when money goes back, then the customer is told', () => {
    const change = rules.paymentRefunded(known, refunded, at('e1'))
    expect(change.state).toBeUndefined()
    expect(change.entries?.map(({ message }) => [message.address, message.status, message.text])).toEqual([
      [
        'maya@example.test',
        'SENT',
        `Hello Maya,\nWe return 500 for order ${ORDER}, whose payment was not complete in time.`,
      ],
    ])
  })

  test('given a due payment, when it is told, then by SMS to the number in its one spelling', () => {
    const due = {
      uuid_order: ORDER,
      uuid_user: USER,
      payment_order: 900,
      payment_total: 400,
      due_date: maya.created_at,
    }
    const [entry] = rules.paymentDueSoon(known, due, at('e1')).entries ?? []
    expect(entry?.message).toMatchObject({
      channel: 'sms',
      address: '+6281247930699',
      text: `Your payment for order ${ORDER} is due by 2026-11-23T09:00:00.000Z: 500.`,
    })
  })

  test.each([
    ['rejected', 'over_limit', 'it would exceed your Pay Later limit'],
    ['rejected', 'expired', 'it was not paid in time'],
    ['cancelled', 'changed my mind', 'it was cancelled'],
    ['faulted', 'SQL', 'it could not be processed'],
  ])(
    'given an order that was %s: %s, when it is told, then in words for customers',
    (status, reason, words) => {
      const because = { step: 's', status, reason, data: null }
      const event = { uuid_order: ORDER, uuid_user: USER, order_number: '7/ord', because }
      const [entry] = rules.orderNotPlaced(known, event, at('e1')).entries ?? []
      expect(entry?.message.text).toBe(`Hello Maya,\nYour order 7/ord was not placed: ${words}.`)
    },
  )

  test('given no contact, when told, then it waits, and the contact sends it once', () => {
    const told = rules.paymentRefunded(undefined, refunded, at('e1'))
    const waiting = told.entries?.[0]?.message
    expect(told.entries?.map(({ type, message }) => [type, message.status, message.address])).toEqual([
      ['new', 'WAITING', null],
    ])
    const later = rules.contactKnown(told.state, maya, at('e2', NOW + 7))
    expect(later.entries?.map(({ type, message }) => ({ type, message }))).toEqual([
      {
        type: 'addressed',
        message: {
          ...waiting,
          address: 'maya@example.test',
          text: `Hello Maya,\nWe return 500 for order ${ORDER}, whose payment was not complete in time.`,
          details: { ...waiting?.details, data: { ...waiting?.details.data, first_name: 'Maya' } },
          status: 'SENT',
          attempts: sent(NOW + 7),
          updatedAt: NOW + 7,
        },
      },
    ])
    expect(later.state).toEqual({ ...known, version: 0 })
    expect(rules.contactKnown(later.state, maya, at('e3')).entries).toEqual([])
  })

  test('given as many waiting as may wait, when one more comes, then it is kept as undeliverable', () => {
    let state: Receiver | undefined
    for (let count = 0; count < WAITING_COUNT_MAX; count += 1) {
      state = rules.paymentRefunded(state, refunded, at(`e${count}`)).state
    }
    expect(state?.waiting.length).toBe(WAITING_COUNT_MAX)
    const change = rules.paymentRefunded(state, refunded, at('one more'))
    expect([change.state, change.entries?.[0]?.message.status]).toEqual([undefined, 'UNDELIVERABLE'])
  })
})

describe('a contact', () => {
  test('given a newer word, when an older one comes late, then it changes nothing', () => {
    const older = { ...maya, email: 'old@example.test', updated_at: '2026-11-23T08:00:00.000Z' }
    expect(rules.contactKnown(known, older, at('e1'))).toEqual({
      outcome: { status: 'succeeded', output: undefined },
    })
    const deleted = rules.contactForgotten(known, { ...maya, updated_at: '2026-11-23T11:00:00.000Z' })
    expect(deleted.state?.contact).toBeNull()
    expect(rules.contactKnown(deleted.state, maya, at('e2')).state).toBeUndefined()
  })

  test('given nothing that was undone, when told, then nothing changes', () => {
    expect(rules.contactForgotten(known, null)).toEqual({
      outcome: { status: 'succeeded', output: undefined },
    })
  })
})
