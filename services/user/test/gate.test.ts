// Scenes about guessing: whose a name and a password are, when a name rests, and that nobody can tell names apart.
import { describe, expect, test } from 'vitest'
import { gateOf, type GateMemory } from '../gate.ts'
import { FAILURES_FREE_MAX, type Guesses } from '@ensemble/service/guesses'
import type { Login } from '../login.ts'
import type { Passwords } from '@ensemble/service/passwords'
import { slotsOf } from '@ensemble/service/slots'

const NOW = Date.parse('2024-03-01T09:30:00Z')
const MINUTE = 60_000

const maya: Login = {
  uuid: '1b8a6c1e-2f55-4d0e-8a59-6d3d7a0b9c11',
  userId: '5f0c2a34-7a0e-4f0b-9a55-0d9f3a1c7e21',
  username: 'maya',
  passwordHash: 'new:right',
  roleId: '545204885836100003',
  createdAt: NOW,
  updatedAt: NOW,
  deletedAt: null,
  version: 1,
}

/** A hash is `<age>:<password>`. */
function scene(logins: Readonly<Record<string, Login>> = { maya }, atOnceMax = 1) {
  const done: string[] = []
  const guesses = new Map<string, Guesses>()
  let now = NOW
  const passwords: Passwords = {
    hash: async (password) => `new:${password}`,
    isRight: async (password, hash) => {
      done.push('hash')
      return hash?.split(':')[1] === password
    },
    isOutdated: (hash) => hash.startsWith('old:'),
  }
  const memory: GateMemory = {
    guesses: async (name) => {
      done.push('read')
      return guesses.get(name)
    },
    failed: async (name, failedAt) => {
      done.push('count')
      guesses.set(name, { failures: (guesses.get(name)?.failures ?? 0) + 1, failedAt })
    },
    forgive: async (name) => {
      done.push('forgive')
      guesses.delete(name)
    },
    rehash: async ({ passwordHash }) => void done.push(`rehash ${passwordHash}`),
  }
  const slots = slotsOf({ atOnceMax, waitingMax: 100 })
  const gate = gateOf({ memory, passwords, slots, clock: { now: () => now } })
  const check = async (username: string, password: string) => {
    const login = logins[username]
    const verdict = await gate.check({ username, password }, async () => login && { login })
    return verdict.status === 'resting' ? `resting ${verdict.ms}` : verdict.status
  }
  const wrongs = async (username: string, count: number) => {
    for (let wrong = 0; wrong < count; wrong += 1) await check(username, 'wrong')
  }
  return { check, wrongs, done, pass: (ms: number) => (now += ms) }
}

describe('the gate', () => {
  test('given a login, when its password comes, then right; any other is wrong', async () => {
    const { check } = scene()
    expect(await check('maya', 'right')).toBe('right')
    expect(await check('maya', 'wrong')).toBe('wrong')
  })

  test('given a name nobody has, when guessed at, then the same answers after the same work', async () => {
    const known = scene()
    const unknown = scene({})
    const heard = async ({ check, done }: ReturnType<typeof scene>) => {
      const answers: string[] = []
      for (let guess = 0; guess < FAILURES_FREE_MAX + 2; guess += 1)
        answers.push(await check('maya', 'wrong'))
      return { answers, done }
    }
    const told = await heard(known)
    expect(told).toEqual(await heard(unknown))
    expect(told.answers.slice(-2)).toEqual(['wrong', `resting ${MINUTE}`])
    expect(told.done.slice(0, 3)).toEqual(['read', 'hash', 'count'])
  })

  test('given a name that rests, when the right password comes, then not looked at before its time', async () => {
    const { check, wrongs, pass, done } = scene()
    await wrongs('maya', FAILURES_FREE_MAX + 1)
    done.length = 0
    expect(await check('maya', 'right')).toBe(`resting ${MINUTE}`)
    expect(done).toEqual(['read'])
    pass(MINUTE)
    expect(await check('maya', 'right')).toBe('right')
  })

  test('given wrong passwords, when the right one comes, then forgiven; another name is not touched', async () => {
    const { check, wrongs } = scene()
    await wrongs('dewi', FAILURES_FREE_MAX + 1)
    await wrongs('maya', FAILURES_FREE_MAX)
    expect(await check('maya', 'right')).toBe('right')
    await wrongs('maya', FAILURES_FREE_MAX)
    expect(await check('maya', 'right')).toBe('right')
    expect(await check('dewi', 'wrong')).toBe(`resting ${MINUTE}`)
  })

  test('given a hundred guesses at once, when they have their turns, then only the free are computed', async () => {
    const { check, done } = scene()
    await Promise.all(Array.from({ length: 100 }, () => check('maya', 'wrong')))
    expect(done.filter((what) => what === 'hash')).toHaveLength(FAILURES_FREE_MAX + 1)
  })

  test('given two at a time, when a hundred guesses come at once, then one more at most', async () => {
    const { check, done } = scene({ maya }, 2)
    await Promise.all(Array.from({ length: 100 }, () => check('maya', 'wrong')))
    expect(done.filter((what) => what === 'hash').length).toBeLessThanOrEqual(FAILURES_FREE_MAX + 2)
  })

  test('given an old hash, when the right password comes, then made new; a wrong one changes nothing', async () => {
    const { check, done } = scene({ maya: { ...maya, passwordHash: 'old:right' } })
    expect(await check('maya', 'wrong')).toBe('wrong')
    expect(done).toEqual(['read', 'hash', 'count'])
    done.length = 0
    expect(await check('maya', 'right')).toBe('right')
    expect(done).toEqual(['read', 'hash', 'forgive', 'rehash new:right'])
  })
})
