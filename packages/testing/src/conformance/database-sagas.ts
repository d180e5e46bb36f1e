// Owns: the scenes about the orchestrator's saga rows and the starters' start rows.
import type { Database, SagaRow } from '@ensemble/runtime'
import { describe, expect, test } from 'vitest'
import { tripled } from './copies.ts'
import type { DatabaseWorld } from './database.ts'
import { completed, HOUR_MS, LONG_AGO, running, sagaRow, startRow } from './samples.ts'
import { codeOf, sorted } from './world.ts'

const PLAN = 'order.place'

export function sagaScenes(world: () => DatabaseWorld): void {
  sagaRowScenes(world)
  sagaPruneScenes(world)
  startScenes(world)
}

async function given(database: Database, rows: readonly SagaRow[]): Promise<void> {
  await database.transaction((tx) => database.stores.sagas.insert(tx, rows))
}

async function stored(database: Database, ids: readonly string[]): Promise<readonly SagaRow[]> {
  const keys = ids.map((id) => ({ plan: PLAN, id }))
  const rows = await database.transaction((tx) => database.stores.sagas.load(tx, keys))
  return rows.toSorted((a, b) => (a.id < b.id ? -1 : 1))
}

function unversioned(rows: readonly SagaRow[]): SagaRow[] {
  return rows.map((row) => ({ ...row, version: 0 }))
}

function sagaRowScenes(world: () => DatabaseWorld): void {
  describe('sagas', () => {
    test('many rows are stored and loaded with every field, of their plan only', async () => {
      const { database } = world()
      const early = sagaRow('s2', { state: null, wish: { reason: 'changed my mind', by: 'customer' } })
      const parked = sagaRow('s3', { parked: 'PLAN_THROWS' })
      await given(database, [sagaRow('s1'), early, parked, sagaRow('s4', { plan: 'user.register' })])
      const rows = await stored(database, ['s3', 's4', 's2', 's1', 's3', 'nowhere'])
      expect(unversioned(rows)).toEqual([sagaRow('s1'), early, parked])
      expect(rows.every(({ version }) => version > 0)).toBe(true)
    })

    test('an update stores the state and moves the version', async () => {
      const { database } = world()
      await given(database, [sagaRow('s1', { state: null, wish: { reason: 'r', by: 'b' } })])
      const [before] = await stored(database, ['s1'])
      const next = {
        ...sagaRow('s1', { state: completed('s1'), parked: 'PLAN_THROWS' }),
        version: before?.version ?? 0,
      }
      await database.transaction((tx) => database.stores.sagas.update(tx, [next]))
      const [after] = await stored(database, ['s1'])
      expect(after).toEqual({ ...next, version: after?.version })
      expect(after?.version).toBeGreaterThan(next.version)
    })

    test('an update of a version that moved, or of nothing, raises MOVED', async () => {
      const { database } = world()
      await given(database, [sagaRow('s1')])
      const read = await stored(database, ['s1'])
      const update = (rows: readonly SagaRow[]): Promise<void> =>
        database.transaction((tx) => database.stores.sagas.update(tx, rows))
      await update(read)
      expect(await codeOf(update(read))).toBe('MOVED')
      expect(await codeOf(update([sagaRow('nowhere', { version: 1 })]))).toBe('MOVED')
    })

    test('an insert of a row that is there raises UNIQUE and leaves the whole batch out', async () => {
      const { database } = world()
      await given(database, [sagaRow('s1')])
      expect(await codeOf(given(database, [sagaRow('s0'), sagaRow('s1')]))).toBe('UNIQUE')
      expect(unversioned(await stored(database, ['s0', 's1']))).toEqual([sagaRow('s1')])
    })
  })
}

function sagaPruneScenes(world: () => DatabaseWorld): void {
  describe('sagas.prune', () => {
    const rows = [
      sagaRow('completed', { state: completed('completed') }),
      sagaRow('early cancel', { state: null, wish: { reason: 'r', by: 'b' } }),
      sagaRow('running', { state: running('running') }),
      sagaRow('parked', { parked: 'PLAN_THROWS' }),
      sagaRow('parked at its start', { state: null, parked: 'PLAN_THROWS' }),
    ]
    const prune = (database: Database, ageMs: number, countMax: number): Promise<number> =>
      database.transaction((tx) => database.stores.sagas.prune(tx, { before: tx.now - ageMs, countMax }))

    test('deletes ended sagas and early cancels, never one that goes on', async () => {
      const { database } = world()
      await given(database, rows)
      expect(await prune(database, -HOUR_MS, 10)).toBe(2)
      expect(
        (
          await stored(
            database,
            rows.map(({ id }) => id),
          )
        ).map(({ id }) => id),
      ).toEqual(['parked', 'parked at its start', 'running'])
    })

    test('keeps what changed since, and deletes at most countMax', async () => {
      const { database } = world()
      await given(database, rows)
      expect([
        await prune(database, HOUR_MS, 10),
        await prune(database, -HOUR_MS, 1),
        await prune(database, -HOUR_MS, 1),
        await prune(database, -HOUR_MS, 1),
      ]).toEqual([0, 1, 1, 0])
    })
  })
}

function startScenes(world: () => DatabaseWorld): void {
  describe('starts', () => {
    const key = (id: string): { plan: string; id: string } => ({ plan: PLAN, id })
    const load = async (database: Database, ids: readonly string[]): Promise<unknown> => {
      const rows = await database.stores.starts.load(database, ids.map(key))
      return rows.toSorted((a, b) => (a.saga.id < b.saga.id ? -1 : 1))
    }

    test('rows are stored in a transaction and loaded with every field, inside and outside', async () => {
      const { database } = world()
      const orchestrated = startRow('s2', {
        saga: { plan: PLAN, id: 's2', pattern: 'orchestration' },
        version: 4,
      })
      const inside = await database.transaction(async (tx) => {
        await database.stores.starts.insert(tx, [startRow('s1'), orchestrated])
        return database.stores.starts.load(tx, [key('s2')])
      })
      expect(inside).toEqual([orchestrated])
      expect(await load(database, ['s2', 's1', 'nowhere', 's1'])).toEqual([startRow('s1'), orchestrated])
    })

    test('the same saga again raises UNIQUE', async () => {
      const { database } = world()
      const insert = (): Promise<void> =>
        database.transaction((tx) => database.stores.starts.insert(tx, [startRow('s1')]))
      await insert()
      expect(await codeOf(insert())).toBe('UNIQUE')
    })

    test('an end is kept, the first one for good; ends of other starters are ignored', async () => {
      const { database } = world()
      const { starts } = database.stores
      const { saga } = startRow('s1')
      const end = (id: string, status: 'completed' | 'compensated', data: unknown): Promise<void> =>
        database.transaction((tx) => starts.ended(tx, tripled([{ saga: { ...saga, id }, status, data }])))
      await database.transaction((tx) => starts.insert(tx, [startRow('s1'), startRow('s2'), startRow('s3')]))
      await end('s1', 'completed', { orderId: 's1', total: 5 })
      await end('s1', 'completed', { orderId: 'of a repeated message' })
      await end('s2', 'compensated', null)
      await end('nowhere', 'completed', {})
      expect(await load(database, ['s1', 's2', 's3', 'nowhere'])).toEqual([
        startRow('s1', { ended: { status: 'completed', data: { orderId: 's1', total: 5 } } }),
        startRow('s2', { ended: { status: 'compensated', data: null } }),
        startRow('s3'),
      ])
    })

    test('starts that ended before are pruned, at most countMax; those that go on stay', async () => {
      const { database } = world()
      const { starts } = database.stores
      const ended = { status: 'completed', data: null } as const
      const prune = (before: number): Promise<number> =>
        database.transaction((tx) => starts.prune(tx, { before, countMax: 2 }))
      await database.transaction((tx) =>
        starts.insert(tx, [
          startRow('s1', { ended }),
          startRow('s2', { ended }),
          startRow('s3', { ended }),
          startRow('s4'),
          startRow('s5', { ended, startedAt: LONG_AGO + 10 * HOUR_MS }),
        ]),
      )
      const counts = [
        await prune(LONG_AGO - HOUR_MS),
        await prune(LONG_AGO + HOUR_MS),
        await prune(LONG_AGO + HOUR_MS),
      ]
      const left = await starts.load(database, ['s1', 's2', 's3', 's4', 's5'].map(key))
      expect(counts).toEqual([0, 2, 1])
      expect(sorted(left.map(({ saga }) => saga.id))).toEqual(['s4', 's5'])
    })
  })
}
