// Scenes about making a login: given a user and a name, when a login is asked for, then the whole change.
import { eventNames, rejected, succeeded } from '@ensemble/core'
import { LOGIN_CREATED, rowIdOf } from '@ensemble/service-contracts'
import { describe, expect, test } from 'vitest'
import { addLogin, own, rowOf, type Login } from '../login.ts'
import type { User } from '../user.ts'

const LOGIN_ID = '1b8a6c1e-2f55-4d0e-8a59-6d3d7a0b9c11'
const USER_ID = '5f0c2a34-7a0e-4f0b-9a55-0d9f3a1c7e21'
const NOW = Date.parse('2024-03-01T09:30:00Z')
const ROLE_ID = '545204885836100003'

const maya: User = {
  uuid: USER_ID,
  profile: {
    firstName: 'Maya',
    lastName: null,
    email: 'maya@example.test',
    handphone: '620000000001',
    address: 'Street 1',
    city: null,
    province: null,
    district: null,
  },
  siteProfil: `Maya-${USER_ID}`,
  createdAt: NOW,
  updatedAt: NOW,
  deletedAt: null,
  version: 1,
}
const input = {
  loginId: LOGIN_ID,
  userId: USER_ID,
  username: 'maya',
  passwordHash: '$argon2id$secret',
  roleId: ROLE_ID,
}
const login: Login = {
  uuid: LOGIN_ID,
  userId: USER_ID,
  username: 'maya',
  passwordHash: '$argon2id$secret',
  roleId: ROLE_ID,
  createdAt: NOW,
  updatedAt: NOW,
  deletedAt: null,
  version: 0,
}
const free = { now: NOW, holder: () => null, related: { owner: maya } }

describe('a login', () => {
  test('given its user, when made, then it claims the name, and what is told has no hash', () => {
    expect(addLogin(undefined, input, free)).toEqual({
      outcome: succeeded({
        uuid: LOGIN_ID,
        id_user: rowIdOf(USER_ID),
        uuid_user: USER_ID,
        username: 'maya',
        id_roles: ROLE_ID,
        created_at: '2024-03-01T09:30:00.000Z',
        update_at: '2024-03-01T09:30:00.000Z',
        deleted_at: null,
      }),
      state: login,
      claim: ['username:maya'],
    })
    expect(JSON.stringify(rowOf(login))).not.toContain('secret')
  })

  test.each([undefined, { ...maya, deletedAt: NOW }])(
    'given the user %j, when made, then refused',
    (owner) => {
      expect(addLogin(undefined, input, { ...free, related: { owner } })).toEqual({
        outcome: rejected('unknown_user', { uuid_user: USER_ID }),
      })
    },
  )

  test('given a name that somebody has, when made, then refused', () => {
    const holder = (claim: string) => (claim === 'username:maya' ? 'tb_login/other' : null)
    expect(addLogin(undefined, input, { ...free, holder })).toEqual({
      outcome: rejected('duplicate_username', { username: 'maya' }),
    })
  })

  test('given the same login, when made again, then nothing changes', () => {
    expect(addLogin(login, input, free)).toEqual({ outcome: rejected('login_exists', { uuid: LOGIN_ID }) })
  })

  test('given the request, when it succeeds, then its event is the one that history knows', () => {
    expect(eventNames.succeeded(own.addLogin)).toBe(LOGIN_CREATED)
  })
})
