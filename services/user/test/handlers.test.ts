// Scenes about the wiring: which row, claims and related rows each request looks up before its rule decides.
import { expect, test } from 'vitest'
import { lookedUp, noRows } from '@ensemble/service/testing'
import { userImplementation } from '../handlers.ts'

const USER_ID = '5f0c2a34-7a0e-4f0b-9a55-0d9f3a1c7e21'

const STATE = { profile: { email: 'Maya@X.id' } }

const implementation = userImplementation({ users: noRows('tb_users'), logins: noRows('tb_login') })
const { participant, handlers, follows, timers } = implementation

test('given the service, when declared, then it answers its contract and its own request, and follows nobody', () => {
  expect({ participant, requests: [...handlers.keys()], follows, timers }).toEqual({
    participant: 'user',
    requests: ['register', 'remove', 'verify', 'update', 'delete', 'addLogin'],
    follows: [],
    timers: [],
  })
})

test.each([
  ['register', { profile: { email: 'Maya@X.id' } }, undefined, { claims: ['email:maya@x.id'] }],
  ['remove', {}, undefined, {}],
  ['remove', {}, STATE, { claims: ['email:maya@x.id'] }],
  ['verify', {}, STATE, {}],
  ['update', { changes: { city: 'A' } }, STATE, {}],
  ['update', { changes: { email: 'New@X.id' } }, undefined, {}],
  ['update', { changes: { email: 'New@X.id' } }, STATE, { claims: ['email:maya@x.id', 'email:new@x.id'] }],
  ['delete', {}, STATE, { claims: ['email:maya@x.id'] }],
])(
  'given %s with %j, when it meets %j, then its row and %j are looked up',
  (request, input, state, needs) => {
    expect(lookedUp(implementation, request, { input: { userId: USER_ID, ...input }, state })).toEqual({
      key: USER_ID,
      needs,
    })
  },
)

test('given a login to make, when it is looked up, then its row, its user and the claim of its name', () => {
  const input = { loginId: 'l1', userId: USER_ID, username: 'maya' }
  expect(lookedUp(implementation, 'addLogin', { input })).toEqual({
    key: 'l1',
    needs: { related: { owner: USER_ID }, claims: ['username:maya'] },
  })
})
