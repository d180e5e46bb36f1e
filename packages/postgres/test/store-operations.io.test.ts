import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { OperationRow } from '@ensemble/runtime'
import { engineKit } from './engine-kit.ts'
import type { Kit } from './engine-kit.ts'

let kit: Kit
beforeAll(async () => {
  kit = await engineKit('store-operations')
})
afterAll(() => kit.end())
beforeEach(() => kit.database.query('delete from ensemble_operation'))

const DUE = 1_700_000_000_123

function operation(id: string, over: Partial<OperationRow> = {}): OperationRow {
  return {
    id,
    status: 'succeeded',
    owner: 'order',
    key: id,
    attempt: 1,
    origin: null,
    sent: '[]',
    wish: null,
    again: 0,
    dueAt: null,
    doubt: false,
    parked: null,
    version: 1,
    ...over,
  }
}

const operations = () => kit.database.stores.operations

const insert = (...rows: OperationRow[]) => kit.database.transaction((tx) => operations().insert(tx, rows))
const load = (ids: readonly string[], deferredOf: readonly { owner: string; key: string }[] = []) =>
  kit.database.transaction((tx) => operations().load(tx, { ids, deferredOf }))

describe('operations', () => {
  test('come back as they were stored, by id or as the deferred ones of a row, ordered by id', async () => {
    const full = operation('c', {
      status: 'calling',
      attempt: 3,
      origin: '{"quote\\"and{brace}":"NULL"}',
      sent: null,
      wish: { reason: 'too late', by: 'customer' },
      again: 2,
      dueAt: DUE,
      doubt: true,
      parked: 'PLAN_THROWS',
    })
    const deferred = operation('a', { status: 'deferred', key: 'k1', origin: 'o', sent: null })
    const other = operation('z', { status: 'deferred', key: 'k2' })
    const answered = operation('b', { key: 'k1' })
    await insert(full, deferred, other, answered)

    expect(await load(['c', 'a', 'none'], [{ owner: 'order', key: 'k1' }])).toEqual([deferred, full])
    expect(await load([], [{ owner: 'payment', key: 'k1' }])).toEqual([])
    expect(await load([])).toEqual([])
  })

  test('inserted twice raise UNIQUE and nothing of the batch stays', async () => {
    await insert(operation('a'))
    await expect(insert(operation('b'), operation('a'))).rejects.toMatchObject({ code: 'UNIQUE' })
    expect(await load(['b'])).toEqual([])
  })

  test('updated count their version', async () => {
    await insert(operation('a', { status: 'set_aside', dueAt: DUE }), operation('b'))
    const after = operation('a', { status: 'faulted', attempt: 5, sent: 'x', dueAt: null, version: 1 })
    await kit.database.transaction((tx) => operations().update(tx, [after, operation('b')]))
    expect(await load(['a', 'b'])).toEqual([{ ...after, version: 2 }, operation('b', { version: 2 })])
  })

  test('updated at another version than was read raise MOVED, with COMMIT already on its way', async () => {
    await insert(operation('a'), operation('b'))
    const late = kit.database.transaction(async (tx) => {
      tx.defer(operations().update(tx, [operation('a'), operation('b', { version: 7 })]))
    })
    await expect(late).rejects.toMatchObject({ code: 'MOVED' })
    expect(await load(['a', 'b'])).toEqual([operation('a'), operation('b')])
  })

  test('that are loaded are locked until the end of the transaction', async () => {
    await insert(operation('a'))
    const order: string[] = []
    const second = Promise.withResolvers<unknown>()
    await kit.database.transaction(async (tx) => {
      await operations().load(tx, { ids: ['a'], deferredOf: [] })
      const waiting = kit.database.transaction(async (other) => {
        const rows = await operations().load(other, { ids: ['a'], deferredOf: [] })
        order.push(`second reads version ${rows[0]?.version}`)
      })
      waiting.then(second.resolve, second.reject)
      await operations().update(tx, [operation('a')])
      order.push('first updates')
    })
    await second.promise
    expect(order).toEqual(['first updates', 'second reads version 2'])
  })

  test('due are claimed by one of two, and again when their worker died, in doubt', async () => {
    await insert(
      operation('early', { status: 'set_aside', dueAt: DUE }),
      operation('later', { status: 'set_aside', dueAt: DUE * 2 }),
      operation('foreign', { status: 'set_aside', owner: 'mail', dueAt: DUE }),
    )
    const claim = () =>
      kit.database.transaction((tx) =>
        operations().claimDue(tx, { owners: ['order', 'sms'], leaseMs: 60_000, countMax: 10 }),
      )
    const both = (await Promise.all([claim(), claim()])).flat()
    expect(both).toMatchObject([{ id: 'early', status: 'calling', attempt: 2, doubt: false, version: 2 }])

    await kit.database.query(`update ensemble_operation set due_at = now() where id = 'early'`)
    expect(await claim()).toMatchObject([
      { id: 'early', status: 'calling', attempt: 3, doubt: true, version: 3 },
    ])
    expect(await claim()).toEqual([])
  })

  test('answered and old are pruned, a bounded number at a time; what has no answer stays', async () => {
    await insert(operation('a'), operation('b'), operation('c'), operation('d', { status: 'deferred' }))
    const prune = (before: number, countMax: number) =>
      kit.database.transaction((tx) => operations().prune(tx, { before, countMax }))
    expect(await prune(DUE, 10)).toBe(0)
    expect([await prune(DUE * 2, 2), await prune(DUE * 2, 2), await prune(DUE * 2, 2)]).toEqual([2, 1, 0])
    expect((await load(['a', 'b', 'c', 'd'])).map(({ id }) => id)).toEqual(['d'])
  })

  test('cost one statement, be they one or two hundred', async () => {
    const many = Array.from({ length: 200 }, (_, index) => operation(`n${index}`))
    const counted = async (rows: readonly OperationRow[]) => {
      const before = total(kit)
      await kit.database.transaction(async (tx) => {
        await operations().load(tx, { ids: rows.map(({ id }) => id), deferredOf: [] })
        tx.defer(operations().insert(tx, rows))
      })
      return total(kit) - before
    }
    expect(await counted(many)).toBe(await counted([operation('one')]))
  })
})

function total({ database }: Kit): number {
  return Object.values(database.counted()).reduce((sum, count) => sum + count, 0)
}
