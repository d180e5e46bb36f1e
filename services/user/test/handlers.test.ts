// Scenes about the wiring: which row, claims and related rows each request looks up before its rule decides.
import { expect, test } from 'vitest'
import { lookedUp, noRows } from '@ensemble/service/testing'
import { userImplementation } from '../handlers.ts'

const USER_ID = '5f0c2a34-7a0e-4f0b-9a55-0d9f3a1c7e21'

const implementation = userImplementation({ users: noRows('tb_users') })
const { participant, handlers, follows, timers } = implementation

test('given the service, when declared, then it answers its contract and follows nobody', () => {
  expect({ participant, requests: [...handlers.keys()], follows, timers }).toEqual({
    participant: 'user',
    requests: ['register', 'remove', 'verify', 'update', 'delete'],
    follows: [],
    timers: [],
  })
})

test.each([
  ['register', { profile: { email: 'Maya@X.id' } }, { claims: ['email:maya@x.id'] }],
  ['remove', {}, {}],
  ['verify', {}, {}],
  ['update', { changes: { city: 'A' } }, {}],
  ['update', { changes: { email: 'New@X.id' } }, { claims: ['email:new@x.id'] }],
  ['delete', {}, {}],
])('given %s with %j, when it comes, then its row and %j are looked up', (request, input, needs) => {
  expect(lookedUp(implementation, request, { input: { userId: USER_ID, ...input } })).toEqual({
    key: USER_ID,
    needs,
  })
})
