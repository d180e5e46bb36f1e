// Owns: the scenes about operation rows: bulk, versions, due intents, pruning.
import type { Database, OperationRow } from '@ensemble/runtime'
import { describe, expect, test } from 'vitest'
import type { DatabaseWorld } from './database.ts'
import { HOUR_MS, LONG_AGO, operation } from './samples.ts'
import { codeOf, sorted } from './world.ts'

/** What a transaction's own time may be late by: a round trip, on a busy machine. */
const LATE_MS_MAX = 1_000

export function operationScenes(world: () => DatabaseWorld): void {
  storeScenes(world)
  claimDueScenes(world)
  pruneScenes(world)
}

async function given(database: Database, rows: readonly OperationRow[]): Promise<void> {
  await database.transaction((tx) => database.stores.operations.insert(tx, rows))
}

async function stored(database: Database, ids: readonly string[]): Promise<readonly OperationRow[]> {
  const rows = await database.transaction((tx) =>
    database.stores.operations.load(tx, { ids, deferredOf: [] }),
  )
  return rows.toSorted((a, b) => (a.id < b.id ? -1 : 1))
}

/** Versions are the adapter's own business; that they move is checked where it matters. */
function unversioned(rows: readonly OperationRow[]): OperationRow[] {
  return rows.map((row) => ({ ...row, version: 0 }))
}

function storeScenes(world: () => DatabaseWorld): void {
  describe('operations', () => {
    test('many rows are stored and loaded with every field', async () => {
      const { database } = world()
      const full = operation('o2', {
        status: 'calling',
        attempt: 7,
        origin: '[{"type":"command","note":"ü \\" \\n"}]',
        sent: null,
        wish: { reason: 'changed my mind', by: 'customer' },
        again: 3,
        dueAt: LONG_AGO + 123,
        doubt: true,
        parked: 'PLAN_THROWS',
      })
      await given(database, [operation('o1'), full, operation('o3', { status: 'deferred', sent: null })])
      const rows = await stored(database, ['o2', 'nowhere', 'o1', 'o2'])
      expect(unversioned(rows)).toEqual([operation('o1'), full])
      expect(rows.every(({ version }) => version > 0)).toBe(true)
    })

    test.each<Partial<OperationRow>>([
      {},
      { sent: null },
      { attempt: 1 },
      { origin: '[]' },
      { wish: { reason: 'changed my mind', by: 'customer' } },
      { again: 1 },
      { dueAt: LONG_AGO },
      { doubt: true },
      { parked: 'NO_SLIP' },
    ])('an answer, inserted with nothing else than %j, is stored so', async (fields) => {
      const { database } = world()
      const rows = [operation('o1', { attempt: 0 }), operation('o2', { attempt: 0, ...fields })]
      await given(database, rows)
      expect(unversioned(await stored(database, ['o1', 'o2']))).toEqual(rows)
    })

    test('the deferred rows of owners are loaded with the rows by id, each once', async () => {
      const { database } = world()
      const deferred = { status: 'deferred', owner: 'payment', key: 'k1' } as const
      await given(database, [
        operation('by id'),
        operation('deferred', deferred),
        operation('answered', { ...deferred, status: 'succeeded' }),
        operation('of another key', { ...deferred, key: 'k2' }),
        operation('of another owner', { ...deferred, owner: 'order' }),
      ])
      const rows = await database.transaction((tx) =>
        database.stores.operations.load(tx, {
          ids: ['by id', 'deferred'],
          deferredOf: [
            { owner: 'payment', key: 'k1' },
            { owner: 'payment', key: 'nothing' },
            { owner: 'order', key: 'k2' },
          ],
        }),
      )
      expect(sorted(rows.map(({ id }) => id))).toEqual(['by id', 'deferred'])
    })

    test('calls without rows do nothing', async () => {
      const { database } = world()
      const { operations } = database.stores
      const rows = await database.transaction(async (tx) => {
        await operations.insert(tx, [])
        await operations.update(tx, [])
        return operations.load(tx, { ids: [], deferredOf: [] })
      })
      expect(rows).toEqual([])
    })

    test('an update stores the fields and moves the version', async () => {
      const { database } = world()
      await given(database, [operation('o1', { status: 'deferred' }), operation('o2')])
      const before = await stored(database, ['o1', 'o2'])
      const change = {
        status: 'rejected',
        sent: '[1]',
        origin: null,
        again: 2,
        parked: 'PLAN_THROWS',
      } as const
      await database.transaction((tx) =>
        database.stores.operations.update(
          tx,
          before.map((row) => ({ ...row, ...change })),
        ),
      )
      const after = await stored(database, ['o1', 'o2'])
      expect(unversioned(after)).toEqual([operation('o1', change), operation('o2', change)])
      expect(after.map(({ version }, index) => version > (before[index]?.version ?? 0))).toEqual([true, true])
    })

    test('an update of a version that moved raises MOVED and leaves the whole batch unchanged', async () => {
      const { database } = world()
      await given(database, [operation('o1'), operation('o2')])
      const read = await stored(database, ['o1', 'o2'])
      await database.transaction((tx) => database.stores.operations.update(tx, read.slice(0, 1)))
      const before = await stored(database, ['o1', 'o2'])
      const work = database.transaction((tx) =>
        database.stores.operations.update(tx, read.map((row) => ({ ...row, again: 9 })).toReversed()),
      )
      expect(await codeOf(work)).toBe('MOVED')
      expect(await stored(database, ['o1', 'o2'])).toEqual(before)
    })

    test('an update of a row that is not there raises MOVED', async () => {
      const { database } = world()
      const work = database.transaction((tx) =>
        database.stores.operations.update(tx, [operation('o1', { version: 1 })]),
      )
      expect(await codeOf(work)).toBe('MOVED')
    })

    test('an insert of a row that is there raises UNIQUE and leaves the whole batch out', async () => {
      const { database } = world()
      await given(database, [operation('o1')])
      expect(await codeOf(given(database, [operation('o0'), operation('o1', { again: 5 })]))).toBe('UNIQUE')
      expect(unversioned(await stored(database, ['o0', 'o1']))).toEqual([operation('o1')])
    })
  })
}

const OWNERS = ['mailer']

function claimDue(database: Database, leaseMs: number, countMax = 10): Promise<readonly OperationRow[]> {
  return database.transaction((tx) =>
    database.stores.operations.claimDue(tx, { owners: OWNERS, leaseMs, countMax }),
  )
}

function intent(id: string, fields: Partial<OperationRow> = {}): OperationRow {
  return operation(id, {
    status: 'set_aside',
    owner: 'mailer',
    attempt: 0,
    sent: null,
    dueAt: LONG_AGO,
    ...fields,
  })
}

function claimDueScenes(world: () => DatabaseWorld): void {
  describe('operations.claimDue', () => {
    test('claims what is due, of these owners, and unanswered', async () => {
      const { database } = world()
      await given(database, [
        intent('due'),
        intent('later', { dueAt: LONG_AGO * 2 }),
        intent('never', { dueAt: null }),
        intent('of another', { owner: 'printer' }),
        intent('answered', { status: 'succeeded' }),
        intent('deferred', { status: 'deferred' }),
      ])
      const { claimed, now } = await database.transaction(async (tx) => ({
        now: tx.now,
        claimed: await database.stores.operations.claimDue(tx, {
          owners: OWNERS,
          leaseMs: HOUR_MS,
          countMax: 10,
        }),
      }))
      const dueAt = claimed[0]?.dueAt ?? 0
      expect(unversioned(claimed)).toEqual([intent('due', { status: 'calling', attempt: 1, dueAt })])
      // A database may keep finer time than whole milliseconds, and a transaction's own may be late by a round trip.
      expect(Math.abs(dueAt - (now + HOUR_MS))).toBeLessThan(LATE_MS_MAX)
      expect(await stored(database, ['due'])).toEqual(claimed)
    })

    test('a claimed row is not due during its lease', async () => {
      const { database } = world()
      await given(database, [intent('o1')])
      expect(await claimDue(database, HOUR_MS)).toHaveLength(1)
      expect(await claimDue(database, HOUR_MS)).toEqual([])
    })

    test('after the lease it is taken over: one attempt more, and in doubt', async () => {
      const { database } = world()
      await given(database, [intent('o1')])
      const [first] = await claimDue(database, -HOUR_MS)
      const [second] = await claimDue(database, HOUR_MS)
      expect(
        [first, second].map((row) => ({ attempt: row?.attempt, doubt: row?.doubt, status: row?.status })),
      ).toEqual([
        { attempt: 1, doubt: false, status: 'calling' },
        { attempt: 2, doubt: true, status: 'calling' },
      ])
    })

    test('a claim moves the version: who read the row before cannot store', async () => {
      const { database } = world()
      await given(database, [intent('o1')])
      const before = await stored(database, ['o1'])
      await claimDue(database, HOUR_MS)
      expect(await codeOf(database.transaction((tx) => database.stores.operations.update(tx, before)))).toBe(
        'MOVED',
      )
    })

    test('at most countMax are claimed, the longest due first', async () => {
      const { database } = world()
      await given(database, [
        intent('third', { dueAt: LONG_AGO + 3 }),
        intent('first'),
        intent('second', { dueAt: LONG_AGO + 2 }),
      ])
      const claimed = [await claimDue(database, HOUR_MS, 2), await claimDue(database, HOUR_MS, 2)]
      expect(claimed.map((rows) => sorted(rows.map(({ id }) => id)))).toEqual([
        ['first', 'second'],
        ['third'],
      ])
    })

    test('workers at one time claim each row once', async () => {
      const { database } = world()
      const ids = Array.from({ length: 20 }, (_, index) => `o${index}`)
      await given(
        database,
        ids.map((id) => intent(id)),
      )
      const claimed = (await Promise.all([1, 2, 3].map(() => claimDue(database, HOUR_MS, 20)))).flat()
      expect(sorted(claimed.map(({ id }) => id))).toEqual(sorted(ids))
    })
  })
}

function pruneScenes(world: () => DatabaseWorld): void {
  describe('operations.prune', () => {
    const prune = (
      database: Database,
      what: { readonly ageMs: number; readonly countMax: number },
    ): Promise<number> =>
      database.transaction((tx) =>
        database.stores.operations.prune(tx, { before: tx.now - what.ageMs, countMax: what.countMax }),
      )
    const KEPT = ['set_aside', 'calling', 'deferred'] as const
    const PRUNED = ['succeeded', 'rejected', 'withdrawn', 'faulted', 'unknown'] as const
    const ids = [...KEPT, ...PRUNED]

    test('deletes answered rows only', async () => {
      const { database } = world()
      await given(
        database,
        ids.map((status) => operation(status, { status })),
      )
      expect(await prune(database, { ageMs: -HOUR_MS, countMax: 100 })).toBe(PRUNED.length)
      expect((await stored(database, ids)).map(({ id }) => id)).toEqual(sorted(KEPT))
    })

    test('keeps rows that changed since', async () => {
      const { database } = world()
      await given(
        database,
        ids.map((status) => operation(status, { status })),
      )
      expect(await prune(database, { ageMs: HOUR_MS, countMax: 100 })).toBe(0)
      expect(await stored(database, ids)).toHaveLength(ids.length)
    })

    test('deletes at most countMax at a time', async () => {
      const { database } = world()
      await given(
        database,
        PRUNED.map((status) => operation(status, { status })),
      )
      const some = { ageMs: -HOUR_MS, countMax: 2 }
      expect([await prune(database, some), await prune(database, some), await prune(database, some)]).toEqual(
        [2, 2, 1],
      )
    })

    test('keeps an answered row whose decision is parked: its saga still needs it', async () => {
      const { database } = world()
      await given(database, [operation('o1', { parked: 'PLAN_THROWS' })])
      expect(await prune(database, { ageMs: -HOUR_MS, countMax: 100 })).toBe(0)
    })
  })
}
