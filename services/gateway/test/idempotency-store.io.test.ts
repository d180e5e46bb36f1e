// The answers of writes by key, on a real database.
import { migratedDatabase, type MigratedDatabase } from '@ensemble/service/testing/database'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { idempotencyStore } from '../idempotency-store.ts'

const RESPONSE = { status: 200, body: '{"a":"é"}', headers: { 'content-type': 'application/json' } }

describe('the idempotency store', () => {
  let place: MigratedDatabase
  beforeAll(async () => {
    place = await migratedDatabase('gateway', new URL('../migrations/', import.meta.url))
  })
  afterAll(() => place.end())

  test('of twenty who ask at once one works, and all find its answer', async () => {
    const store = idempotencyStore(place.database)
    const ask = () => Promise.all(Array.from({ length: 20 }, () => store.begin('k', 'f')))
    const states = (await ask()).map(({ state }) => state).sort()
    expect(states).toEqual([...Array<string>(19).fill('busy'), 'new'])
    await store.finish('k', RESPONSE)
    expect(new Set((await ask()).map((begun) => JSON.stringify(begun)))).toEqual(
      new Set([JSON.stringify({ state: 'done', response: RESPONSE })]),
    )
  })

  test('another request under the key is told apart, before and after the answer', async () => {
    const store = idempotencyStore(place.database)
    expect([await store.begin('m', 'f'), await store.begin('m', 'g')]).toEqual([
      { state: 'new' },
      { state: 'mismatch' },
    ])
    await store.finish('m', RESPONSE)
    expect(await store.begin('m', 'g')).toEqual({ state: 'mismatch' })
  })

  test('what was given back can be claimed again, an answer cannot be given back', async () => {
    const store = idempotencyStore(place.database)
    await store.begin('g', 'f')
    await store.abandon('g')
    expect(await store.begin('g', 'h')).toEqual({ state: 'new' })
    await store.finish('g', RESPONSE)
    await store.abandon('g')
    expect(await store.begin('g', 'h')).toEqual({ state: 'done', response: RESPONSE })
  })

  test('a claim whose holder died is given away after a minute', async () => {
    const store = idempotencyStore(place.database)
    await store.begin('d', 'f')
    await place.database.query(
      "update idempotency set claimed_at = now() - interval '61 seconds' where idempotency_key = 'd'",
    )
    expect(await store.begin('d', 'f')).toEqual({ state: 'new' })
  })
})
