// Scenes about signing keys: which signs, which are published, when the next one is due.
import { describe, expect, test } from 'vitest'
import { keyPlan, publicJwk, type SigningKey } from '../keys.ts'

const NOW = Date.parse('2024-03-01T09:30:00Z')
const DAY = 86_400_000

function key(generation: number, signsFrom: number): SigningKey {
  const secret = { d: 's', p: 's', q: 's', dp: 's', dq: 's', qi: 's' }
  const kid = `k${generation}`
  const jwk = { kty: 'RSA', kid, alg: 'RS256', use: 'sig', n: 'n', e: 'e', ...secret } as const
  return { generation, kid, jwk, signsFrom }
}

function shown(keys: readonly SigningKey[], now: number, isWanted = false) {
  const { signing, published, ended, next } = keyPlan(keys, now, isWanted)
  const kids = (some: readonly SigningKey[]) => some.map(({ kid }) => kid)
  return { signing: signing?.kid, published: kids(published), ended: kids(ended), next }
}

describe('signing keys', () => {
  test('given none, when planned, then the first is due and signs at once', () => {
    expect(shown([], NOW)).toEqual({
      signing: undefined,
      published: [],
      ended: [],
      next: { generation: 1, signsFrom: NOW },
    })
  })

  test.each([
    ['fresh', NOW, undefined],
    ['a minute before thirty days', NOW + 30 * DAY - 60_001, undefined],
    ['within a minute of thirty days', NOW + 30 * DAY - 60_000, { generation: 2, signsFrom: NOW + 30 * DAY }],
    ['wanted', NOW + DAY, undefined],
  ])('given one that is %s, then the next is %j', (_, now, next) => {
    expect(shown([key(1, NOW)], now).next).toEqual(next)
  })

  test('given one, when another is wanted, then it is published a minute before it signs', () => {
    expect(shown([key(1, NOW)], NOW + DAY, true).next).toEqual({
      generation: 2,
      signsFrom: NOW + DAY + 60_000,
    })
    const keys = [key(2, NOW + DAY + 60_000), key(1, NOW)]
    expect(shown(keys, NOW + DAY, true)).toEqual({
      signing: 'k1',
      published: ['k1', 'k2'],
      ended: [],
      next: undefined,
    })
    expect(shown(keys, NOW + DAY + 60_000)).toMatchObject({
      signing: 'k2',
      published: ['k2', 'k1'],
      ended: [],
    })
  })

  test('given one that signs no more, when an hour is over, then it is ended', () => {
    const keys = [key(2, NOW), key(1, NOW - DAY)]
    expect(shown(keys, NOW + 3_599_999)).toMatchObject({ published: ['k2', 'k1'], ended: [] })
    expect(shown(keys, NOW + 3_600_000)).toMatchObject({ published: ['k2'], ended: ['k1'] })
  })

  test('given a key, when it is shown, then without its private members', () => {
    expect(publicJwk(key(1, NOW))).toEqual({
      kty: 'RSA',
      n: 'n',
      e: 'e',
      kid: 'k1',
      alg: 'RS256',
      use: 'sig',
    })
  })
})
