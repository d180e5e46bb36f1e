// Scenes about one user: given a state, when a rule is asked, then the whole change.
import { rejected, succeeded } from '@ensemble/core'
import { describe, expect, test } from 'vitest'
import { deleteUser, register, remove, resultOf, siteProfilOf, update, verify, type User } from '../user.ts'

const USER_ID = '5f0c2a34-7a0e-4f0b-9a55-0d9f3a1c7e21'
const NOW = Date.parse('2024-03-01T09:30:00Z')
const LATER = NOW + 60_000

const profile = {
  firstName: 'Maya',
  lastName: 'Sari',
  email: 'Maya@Example.test',
  handphone: '620000000001',
  address: 'Street 1',
  city: 'Bandung',
  province: null,
  district: null,
}

const maya: User = {
  uuid: USER_ID,
  profile,
  siteProfil: `Maya-${USER_ID}`,
  createdAt: NOW,
  updatedAt: NOW,
  deletedAt: null,
  version: 0,
}
const gone: User = { ...maya, updatedAt: NOW, deletedAt: NOW }

const free = { now: NOW, holder: () => null }
const later = { now: LATER, holder: () => null }
const taken = {
  now: LATER,
  holder: (claim: string) => (claim === 'email:dewi@example.test' ? 'tb_users/other' : null),
}
const unknown = { outcome: rejected('unknown_user', { uuid_user: USER_ID }) }

describe('register', () => {
  test('given nobody, when registered, then the user is there and the address claimed in lower case', () => {
    expect(register(undefined, { userId: USER_ID, profile }, free)).toEqual({
      outcome: succeeded({
        uuid: USER_ID,
        first_name: 'Maya',
        last_name: 'Sari',
        email: 'Maya@Example.test',
        site_profil: `Maya-${USER_ID}`,
        handphone: '620000000001',
        address: 'Street 1',
        city: 'Bandung',
        province: null,
        district: null,
        created_at: '2024-03-01T09:30:00.000Z',
        updated_at: '2024-03-01T09:30:00.000Z',
        deleted_at: null,
      }),
      state: maya,
      claim: ['email:maya@example.test'],
    })
  })

  test('given the address of another user, when registered, then rejected and nothing changed', () => {
    const dewi = { ...profile, email: 'DEWI@example.test' }
    expect(register(undefined, { userId: USER_ID, profile: dewi }, taken)).toEqual({
      outcome: rejected('duplicate_email', { email: 'DEWI@example.test' }),
    })
  })

  test('given the same uuid, when registered by another saga, then a fault', () => {
    expect(() => register(maya, { userId: USER_ID, profile }, free)).toThrow('exists already')
  })
})

describe('remove, the undo', () => {
  test('given nobody, when undone, then succeeded', () => {
    expect(remove(undefined, { userId: USER_ID }, later)).toEqual({ outcome: succeeded(null) })
  })

  test('given the user, when undone, then deleted and the address free', () => {
    const state = { ...maya, updatedAt: LATER, deletedAt: LATER }
    expect(remove(maya, { userId: USER_ID }, later)).toEqual({
      outcome: succeeded(resultOf(state)),
      state,
      release: ['email:maya@example.test'],
    })
  })

  test('given a deleted user, when undone, then succeeded and nothing changed', () => {
    expect(remove(gone, { userId: USER_ID }, later)).toEqual({ outcome: succeeded(resultOf(gone)) })
  })
})

describe('verify', () => {
  test('given the user, when verified, then whom to write to', () => {
    expect(verify(maya, { userId: USER_ID })).toEqual({
      outcome: succeeded({
        uuid_user: USER_ID,
        first_name: 'Maya',
        email: 'Maya@Example.test',
        handphone: '620000000001',
      }),
    })
  })

  test.each([undefined, gone])('given %j, when verified, then unknown', (state) => {
    expect(verify(state, { userId: USER_ID })).toEqual(unknown)
  })
})

describe('update', () => {
  test('given the user, when the city is changed to none, then the rest stays', () => {
    const state = { ...maya, profile: { ...profile, city: null }, updatedAt: LATER }
    expect(update(maya, { userId: USER_ID, changes: { city: null, address: undefined } }, later)).toEqual({
      outcome: succeeded(resultOf(state)),
      state,
    })
  })

  test('given the user, when the address changes, then the claim moves and the slug stays', () => {
    const email = 'maya@sari.test'
    const state = { ...maya, profile: { ...profile, firstName: 'M', email }, updatedAt: LATER }
    expect(update(maya, { userId: USER_ID, changes: { firstName: 'M', email } }, later)).toEqual({
      outcome: succeeded(resultOf(state)),
      state,
      claim: ['email:maya@sari.test'],
      release: ['email:maya@example.test'],
    })
  })

  test('given the user, when only the case of the address changes, then no claim moves', () => {
    const email = 'maya@example.test'
    const state = { ...maya, profile: { ...profile, email }, updatedAt: LATER }
    const own = { now: LATER, holder: () => `tb_users/${USER_ID}` }
    expect(update(maya, { userId: USER_ID, changes: { email } }, own)).toEqual({
      outcome: succeeded(resultOf(state)),
      state,
    })
  })

  test("given another's address, when changed to it, then rejected", () => {
    const email = 'dewi@example.test'
    expect(update(maya, { userId: USER_ID, changes: { email } }, taken)).toEqual({
      outcome: rejected('duplicate_email', { email }),
    })
  })

  test.each([undefined, gone])('given %j, when changed, then unknown', (state) => {
    expect(update(state, { userId: USER_ID, changes: { city: 'X' } }, later)).toEqual(unknown)
  })
})

describe('delete', () => {
  test('given the user, when deleted, then the row stays and the address is free', () => {
    const state = { ...maya, updatedAt: LATER, deletedAt: LATER }
    expect(deleteUser(maya, { userId: USER_ID }, later)).toEqual({
      outcome: succeeded(resultOf(state)),
      state,
      release: ['email:maya@example.test'],
    })
  })

  test.each([undefined, gone])('given %j, when deleted, then unknown', (state) => {
    expect(deleteUser(state, { userId: USER_ID }, later)).toEqual(unknown)
  })
})

describe('site_profil', () => {
  test.each([
    ['Maya', `Maya-${USER_ID}`],
    ['Maya Dewi', `Maya-${USER_ID}`],
    ['Maya ', `Maya-${USER_ID}`],
    ['Zoë', `Zoe-${USER_ID}`],
    ["O'Brien", `OBrien-${USER_ID}`],
    ['Bartholomewalexanderthegreat', `Bartholomewalexander-${USER_ID}`],
    ['美玲', `user-${USER_ID}`],
  ])('given the first name %j, when made a slug, then %s', (firstName, slug) => {
    expect(siteProfilOf(firstName, USER_ID)).toBe(slug)
    expect(slug.length).toBeLessThanOrEqual(64)
  })
})
