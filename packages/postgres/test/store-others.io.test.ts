import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { SagaState } from '@ensemble/core'
import type { SagaRow, StartRow, Stores } from '@ensemble/runtime'
import type { SqlTransaction } from '../src/database/types.ts'
import { asQueryable } from '../src/engine.ts'
import { engineKit, timer } from './engine-kit.ts'
import type { Kit } from './engine-kit.ts'

let kit: Kit
beforeAll(async () => {
  kit = await engineKit('store-others')
})
afterAll(() => kit.end())

function inside<T>(work: (stores: Stores, tx: SqlTransaction) => Promise<T>): Promise<T> {
  return kit.database.transaction((tx) => work(kit.database.stores, tx))
}

const AT = 1_700_000_000_456
const AFTER_ALL = 4_000_000_000_000

function state(id: string, phase: SagaState['phase']): SagaState {
  return {
    saga: { plan: 'order.place', id, pattern: 'orchestration' },
    version: 1,
    fingerprint: 'f',
    input: { total: '10' },
    results: { openOrder: { number: 'A-1' } },
    seq: 4,
    startedAt: AT,
    phase,
  }
}

const RUNNING: SagaState['phase'] = {
  at: 'running',
  step: 'open',
  askedAt: AT,
  asks: 0,
  until: null,
  wish: null,
}
const COMPLETED: SagaState['phase'] = { at: 'completed', endedAt: AT }

function sagaRow(id: string, over: Partial<SagaRow> = {}): SagaRow {
  return { plan: 'order.place', id, state: state(id, RUNNING), wish: null, parked: null, version: 1, ...over }
}

/** Rows that this transaction changed within their pages, and all that it changed. */
const CHANGED = `SELECT pg_stat_get_xact_tuples_hot_updated(t.oid) AS hot,
  pg_stat_get_xact_tuples_updated(t.oid) AS rows FROM pg_class AS t WHERE t.oid = 'ensemble_saga'::regclass`

describe('sagas', () => {
  test('all that were stored together stay within their pages when each decides', async () => {
    const rows = Array.from({ length: 100 }, (_, n) => sagaRow(`page-${n}`))
    await inside(({ sagas }, tx) => sagas.insert(tx, rows))
    const changed = await inside(async ({ sagas }, tx) => {
      await sagas.update(tx, rows)
      return (await tx.query(CHANGED)).rows
    })
    expect(changed).toEqual([{ hot: '100', rows: '100' }])
  })

  const load = (...ids: string[]) =>
    inside(({ sagas }, tx) =>
      sagas.load(
        tx,
        ids.map((id) => ({ plan: 'order.place', id })),
      ),
    )

  test('are stored, changed at the version that was read, and pruned once ended or only cancelled', async () => {
    const early = sagaRow('early', { state: null, wish: { reason: 'gone', by: 'customer' } })
    await inside(({ sagas }, tx) => sagas.insert(tx, [sagaRow('b'), sagaRow('a'), early]))
    expect(await load('b', 'early', 'a', 'none')).toEqual([sagaRow('a'), sagaRow('b'), early])

    const ended = sagaRow('a', { state: state('a', COMPLETED), parked: 'PLAN_THROWS' })
    await inside(({ sagas }, tx) => sagas.update(tx, [ended]))
    expect(await load('a')).toEqual([{ ...ended, version: 2 }])
    await expect(inside(({ sagas }, tx) => sagas.update(tx, [sagaRow('b'), ended]))).rejects.toMatchObject({
      code: 'MOVED',
    })
    await expect(inside(({ sagas }, tx) => sagas.insert(tx, [sagaRow('b')]))).rejects.toMatchObject({
      code: 'UNIQUE',
    })

    const prune = () => inside(({ sagas }, tx) => sagas.prune(tx, { before: AFTER_ALL, countMax: 10 }))
    // Not the one that is parked: a decision about it is still to be made.
    expect([await prune(), await load('a', 'b', 'early')]).toEqual([
      1,
      [{ ...ended, version: 2 }, sagaRow('b')],
    ])
    await inside(({ sagas }, tx) => sagas.update(tx, [{ ...ended, parked: null, version: 2 }]))
    expect([await prune(), await load('a', 'b', 'early')]).toEqual([1, [sagaRow('b')]])
  })
})

describe('starts', () => {
  const start = (id: string, ended: StartRow['ended'] = null): StartRow => ({
    saga: { plan: 'order.place', id, pattern: 'choreography' },
    version: 2,
    inputFingerprint: 'abc',
    sent: '[]',
    startedAt: AT,
    ended,
  })
  const ids = (...list: string[]) => list.map((id) => ({ plan: 'order.place', id }))

  test('are stored inside a transaction of a plain client, with its rollback', async () => {
    const client = new Client({ connectionString: kit.url, options: '-c search_path=shop' })
    await client.connect()
    const own = asQueryable(client)
    await client.query('begin')
    await kit.database.stores.starts.insert(own, [start('mine')])
    expect(await kit.database.stores.starts.load(own, ids('mine'))).toEqual([start('mine')])
    await client.query('rollback')
    await client.end()
    expect(await kit.database.stores.starts.load(kit.database, ids('mine'))).toEqual([])
  })

  test('keep their first end; foreign ends are ignored; only ended ones are pruned', async () => {
    await inside(({ starts }, tx) => starts.insert(tx, [start('a'), start('b')]))
    const end = (id: string, status: 'completed' | 'compensated', data: unknown) =>
      inside(({ starts }, tx) => starts.ended(tx, [{ saga: start(id).saga, status, data }]))
    await end('a', 'compensated', { why: 'declined' })
    await end('a', 'completed', null)
    await end('foreign', 'completed', null)
    const after = start('a', { status: 'compensated', data: { why: 'declined' } })
    expect(await inside(({ starts }, tx) => starts.load(tx, ids('b', 'a', 'foreign')))).toEqual([
      after,
      start('b'),
    ])
    await expect(inside(({ starts }, tx) => starts.insert(tx, [start('a')]))).rejects.toMatchObject({
      code: 'UNIQUE',
    })
    expect(await inside(({ starts }, tx) => starts.prune(tx, { before: AFTER_ALL, countMax: 10 }))).toBe(1)
    expect(await inside(({ starts }, tx) => starts.load(tx, ids('a', 'b')))).toEqual([start('b')])
  })
})

describe('scheduled messages', () => {
  test('are taken once, oldest first, in whole packs until the bound is reached', async () => {
    const pack = (name: string, count: number) =>
      Array.from({ length: count }, (_, index) => timer('order.commands', 'k', `${name}${index}`))
    await inside(({ scheduled }, tx) =>
      scheduled.insert(tx, [
        { dueAt: AT + 2, messages: pack('second', 2) },
        { dueAt: AT, messages: pack('first', 2) },
        { dueAt: AT + 5, messages: pack('third', 1) },
        { dueAt: AFTER_ALL, messages: pack('future', 1) },
        { dueAt: AT, messages: [] },
      ]),
    )
    expect(await inside(({ scheduled }, tx) => scheduled.nextDue(tx))).toBe(AT)
    const take = () => inside(({ scheduled }, tx) => scheduled.takeDue(tx, 3))
    const taken = [await take(), await take(), await take()]
    expect(taken).toEqual([[...pack('first', 2), ...pack('second', 2)], pack('third', 1), []])
    expect(await inside(({ scheduled }, tx) => scheduled.nextDue(tx))).toBe(AFTER_ALL)
  })

  test('are left to others while somebody who took them has not committed', async () => {
    await inside(({ scheduled }, tx) =>
      scheduled.insert(tx, [{ dueAt: AT, messages: [timer('t', 'k', 'x')] }]),
    )
    await inside(async ({ scheduled }, tx) => {
      expect((await scheduled.takeDue(tx, 10)).map(({ id }) => id)).toEqual(['x'])
      expect(await inside((_, other) => scheduled.takeDue(other, 10))).toEqual([])
    })
  })
})

test('claims are found, held by one, and released', async () => {
  const claim = (owner: string, ...values: string[]) =>
    inside(({ claims }, tx) =>
      claims.insert(
        tx,
        values.map((value) => ({ value, owner })),
      ),
    )
  const held = () => inside(({ claims }, tx) => claims.load(tx, ['a@x', 'b@x', 'c@x']))
  await claim('u1', 'b@x', 'a@x')
  await expect(claim('u2', 'c@x', 'a@x')).rejects.toMatchObject({ code: 'UNIQUE' })
  expect(await held()).toEqual(
    new Map([
      ['a@x', 'u1'],
      ['b@x', 'u1'],
    ]),
  )
  await inside(({ claims }, tx) => claims.release(tx, ['a@x', 'none']))
  await claim('u2', 'a@x')
  expect(await held()).toEqual(
    new Map([
      ['a@x', 'u2'],
      ['b@x', 'u1'],
    ]),
  )
})

test('dead letters are listed newest first; one that comes again stays one; U+0000 does not stop them', async () => {
  const letter = (id: string, text = 'text') => ({ id, topic: 't', reason: 'UNDECODABLE', detail: 'd', text })
  await inside(({ deadLetters }, tx) => deadLetters.insert(tx, [letter('b'), letter('a', 'x\u0000y')]))
  await inside(({ deadLetters }, tx) => deadLetters.insert(tx, [letter('c'), letter('a')]))
  const list = await inside(({ deadLetters }, tx) => deadLetters.list(tx, 2))
  expect(list).toMatchObject([letter('c'), letter('b')])
  const [, , oldest] = await inside(({ deadLetters }, tx) => deadLetters.list(tx, 10))
  expect(oldest?.text).toBe('x\uFFFDy')
})

test('outbox rows are claimed once their sender had its time, one claimer at a time, and removed', async () => {
  const row = (id: string, claimAfterMs: number) => ({ id, messages: [timer('t', 'k', id)], claimAfterMs })
  await inside(async ({ outbox }, tx) => {
    await outbox.insert(tx, row('old', -2_000))
    await outbox.insert(tx, row('older', -3_000))
    await outbox.insert(tx, row('fresh', 60_000))
  })
  const { outbox } = kit.database.stores
  const claim = (claimAfterMs: number) => outbox.claim(kit.database, { countMax: 10, claimAfterMs })
  const both = (await Promise.all([claim(60_000), claim(60_000)])).flat()
  expect(both).toEqual([
    { id: 'older', messages: [timer('t', 'k', 'older')] },
    { id: 'old', messages: [timer('t', 'k', 'old')] },
  ])
  await outbox.remove(kit.database, ['old', 'older', 'fresh'])
  expect((await kit.database.query('select id from ensemble_outbox')).rows).toEqual([])
})

test('progress counts the tries of one position', async () => {
  const at = { topic: 't', partition: 1 }
  const count = (position: string) => inside(({ progress }, tx) => progress.count(tx, { ...at, position }))
  expect([await count('5'), await count('5'), await count('6')]).toEqual([1, 2, 1])
  await inside(({ progress }, tx) => progress.clear(tx, at))
  expect(await count('6')).toBe(1)
})

test('the registry keeps the first outline, and a horizon that never moves back', async () => {
  const plans = (outline: string, version: number) =>
    inside(({ registry }, tx) => registry.plans(tx, [{ name: 'p', version, outline }]))
  await plans('first', 1)
  expect([await plans('other', 1), await plans('other', 2)]).toEqual([
    [{ name: 'p', version: 1, outline: 'first' }],
    [{ name: 'p', version: 2, outline: 'other' }],
  ])
  const horizon = () => inside(({ registry }, tx) => registry.horizon(tx))
  const seen = [await horizon()]
  for (const to of [AT, AT - 1000]) {
    await inside(({ registry }, tx) => registry.moveHorizon(tx, to))
    seen.push(await horizon())
  }
  expect(seen).toEqual([0, AT, AT])
})
