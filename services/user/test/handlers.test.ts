// Scenes about the wiring: which row, claims and related rows each request looks up before its rule decides.
import { expect, test } from 'vitest'
import type { Rows } from '@ensemble/runtime'
import { userImplementation } from '../handlers.ts'
import type { User } from '../user.ts'

const USER_ID = '5f0c2a34-7a0e-4f0b-9a55-0d9f3a1c7e21'

const users: Rows<User> = {
  name: 'tb_users',
  load: async () => new Map(),
  insert: async () => undefined,
  update: async () => undefined,
}
const { participant, handlers, follows, timers } = userImplementation({ users })

function lookedUp(request: string, input: object): unknown {
  const handler = handlers.get(request)
  if (handler?.form !== 'aggregate') throw new Error(`${request} is no aggregate`)
  const asked = { userId: USER_ID, ...input }
  return { key: handler.rule.key(asked), needs: handler.rule.needs?.(asked, undefined) ?? {} }
}

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
  expect(lookedUp(request, input)).toEqual({ key: USER_ID, needs })
})
