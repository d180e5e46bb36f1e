// Owns: the scenes about transactions: commit, rollback, savepoints, deferred writes, locks.
import type { Database, Transaction } from '@ensemble/runtime'
import { describe, expect, test } from 'vitest'
import type { DatabaseWorld } from './database.ts'
import { HOUR_MS, LONG_AGO, message, operation, sagaRow, startRow } from './samples.ts'
import { codeOf, gate, sorted } from './world.ts'

const PLACE = { topic: 'order.commands', partition: 0, position: '5' }
const SAGA = { plan: 'order.place', id: 's1' }

export function transactionScenes(world: () => DatabaseWorld): void {
  commitScenes(world)
  savepointScenes(world)
  deferScenes(world)
  lockScenes(world)
}

/** Claims are the smallest rows there are: easy to write and to look for. */
function claim({ stores }: Database, tx: Transaction, value: string): Promise<void> {
  return stores.claims.insert(tx, [{ value, owner: 'me' }])
}

const VALUES = ['a', 'b', 'c', 'd']

async function claimed(database: Database): Promise<string[]> {
  const found = await database.transaction((tx) => database.stores.claims.load(tx, VALUES))
  return sorted(found.keys())
}

function commitScenes(world: () => DatabaseWorld): void {
  describe('transaction', () => {
    test('what was written is there after the commit, and the value of the work is returned', async () => {
      const { database } = world()
      const value = await database.transaction(async (tx) => {
        await claim(database, tx, 'a')
        return { seen: [...(await database.stores.claims.load(tx, VALUES))], whole: Number.isInteger(tx.now) }
      })
      expect(value).toEqual({ seen: [['a', 'me']], whole: true })
      expect(await claimed(database)).toEqual(['a'])
    })

    test('nobody else sees a row before the commit', async () => {
      const { database } = world()
      const before = await database.transaction(async (tx) => {
        await database.stores.starts.insert(tx, [startRow('s1')])
        return database.stores.starts.load(database, [SAGA])
      })
      expect(before).toEqual([])
      expect(await database.stores.starts.load(database, [SAGA])).toEqual([startRow('s1')])
    })

    test('a failure after every kind of write leaves nothing', async () => {
      const { database } = world()
      const failed = database.transaction(async (tx) => {
        await writeEverywhere(database, tx)
        throw new Error('too late')
      })
      await expect(failed).rejects.toThrow('too late')
      expect(await everythingIn(database)).toEqual(NOTHING)
    })

    test('a failed statement fails the transaction even if its error is caught', async () => {
      const { database } = world()
      await database.transaction((tx) => claim(database, tx, 'a'))
      const work = database.transaction(async (tx) => {
        await claim(database, tx, 'b')
        await claim(database, tx, 'a').catch(() => undefined)
      })
      expect(await codeOf(work)).toBe('UNIQUE')
      expect(await claimed(database)).toEqual(['a'])
    })

    test('a transaction that has ended is refused', async () => {
      const { database } = world()
      const ended = await database.transaction(async (tx) => tx)
      await expect(claim(database, ended, 'a')).rejects.toThrow(/./)
      expect(await claimed(database)).toEqual([])
    })

    test('onCommit runs once, after the commit, and not after a rollback', async () => {
      const { database } = world()
      const told: string[] = []
      await database.transaction(async (tx) => {
        tx.onCommit(() => told.push('committed'))
        await claim(database, tx, 'a')
        expect(told).toEqual([])
      })
      const failed = database.transaction(async (tx) => {
        tx.onCommit(() => told.push('rolled back'))
        throw new Error('no')
      })
      await expect(failed).rejects.toThrow('no')
      expect(told).toEqual(['committed'])
    })
  })
}

function savepointScenes(world: () => DatabaseWorld): void {
  describe('savepoint', () => {
    test('keeps what succeeds and answers its value', async () => {
      const { database } = world()
      const value = await database.transaction((tx) =>
        tx.savepoint(async () => {
          await claim(database, tx, 'a')
          return 'kept'
        }),
      )
      expect(value).toBe('kept')
      expect(await claimed(database)).toEqual(['a'])
    })

    test('takes back only what was written since it began', async () => {
      const { database } = world()
      const seen = await database.transaction(async (tx) => {
        await claim(database, tx, 'a')
        const work = tx.savepoint(async () => {
          await claim(database, tx, 'b')
          throw new Error('handler')
        })
        await expect(work).rejects.toThrow('handler')
        await claim(database, tx, 'c')
        return sorted((await database.stores.claims.load(tx, VALUES)).keys())
      })
      expect(seen).toEqual(['a', 'c'])
      expect(await claimed(database)).toEqual(['a', 'c'])
    })

    test('takes back a failed statement, so that the transaction can go on', async () => {
      const { database } = world()
      const code = await database.transaction(async (tx) => {
        await claim(database, tx, 'a')
        const refused = await codeOf(tx.savepoint(() => claim(database, tx, 'a')))
        await claim(database, tx, 'b')
        return refused
      })
      expect(code).toBe('UNIQUE')
      expect(await claimed(database)).toEqual(['a', 'b'])
    })

    test('an outer one takes back an inner one that had succeeded', async () => {
      const { database } = world()
      await database.transaction(async (tx) => {
        await claim(database, tx, 'a')
        const outer = tx.savepoint(async () => {
          await tx.savepoint(() => claim(database, tx, 'b'))
          throw new Error('outer')
        })
        await expect(outer).rejects.toThrow('outer')
      })
      expect(await claimed(database)).toEqual(['a'])
    })

    test('drops the actions that were registered in it', async () => {
      const { database } = world()
      const told: string[] = []
      await database.transaction(async (tx) => {
        tx.onCommit(() => told.push('outside'))
        const work = tx.savepoint(async () => {
          tx.onCommit(() => told.push('inside'))
          throw new Error('handler')
        })
        await expect(work).rejects.toThrow('handler')
      })
      expect(told).toEqual(['outside'])
    })
  })
}

function deferScenes(world: () => DatabaseWorld): void {
  describe('defer', () => {
    test('a deferred write is there after the commit', async () => {
      const { database } = world()
      await database.transaction(async (tx) => tx.defer(claim(database, tx, 'a')))
      expect(await claimed(database)).toEqual(['a'])
    })

    test('a deferred write that fails fails its transaction: nothing stays, onCommit is not called', async () => {
      const { database } = world()
      const told: string[] = []
      await database.transaction((tx) => claim(database, tx, 'a'))
      const work = database.transaction(async (tx) => {
        tx.onCommit(() => told.push('committed'))
        await claim(database, tx, 'b')
        tx.defer(claim(database, tx, 'a'))
      })
      expect(await codeOf(work)).toBe('UNIQUE')
      expect({ told, claimed: await claimed(database) }).toEqual({ told: [], claimed: ['a'] })
    })

    test('a statement after a deferred one that failed does not hide why', async () => {
      const { database } = world()
      await database.transaction((tx) => claim(database, tx, 'a'))
      const work = database.transaction(async (tx) => {
        tx.defer(claim(database, tx, 'a'))
        await claim(database, tx, 'b')
      })
      expect(await codeOf(work)).toBe('UNIQUE')
      expect(await claimed(database)).toEqual(['a'])
    })

    test('a deferred update of a row that moved fails its transaction', async () => {
      const { database } = world()
      const { operations } = database.stores
      await database.transaction((tx) => operations.insert(tx, [operation('o1')]))
      const work = database.transaction(async (tx) => {
        await claim(database, tx, 'b')
        tx.defer(operations.update(tx, [operation('o1', { version: 99 })]))
      })
      expect(await codeOf(work)).toBe('MOVED')
      expect(await claimed(database)).toEqual([])
    })
  })
}

function lockScenes(world: () => DatabaseWorld): void {
  describe('two transactions', () => {
    test('that change one row run one after the other: no change is lost', async () => {
      const { database } = world()
      const { operations } = database.stores
      const [loaded, both] = [gate(), gate()]
      const raise = async (tx: Transaction, wait: Promise<void>): Promise<void> => {
        const rows = await operations.load(tx, { ids: ['o1'], deferredOf: [] })
        loaded.open()
        await wait
        await operations.update(
          tx,
          rows.map((row) => ({ ...row, again: row.again + 1 })),
        )
      }
      await database.transaction((tx) => operations.insert(tx, [operation('o1')]))
      const first = database.transaction((tx) => raise(tx, both.passed))
      await loaded.passed
      const second = database.transaction((tx) => raise(tx, Promise.resolve()))
      both.open()
      await Promise.all([first, second])
      const [row] = await database.transaction((tx) => operations.load(tx, { ids: ['o1'], deferredOf: [] }))
      expect(row?.again).toBe(2)
    })

    test('that claim one value: one gets it, the other gets UNIQUE', async () => {
      const { database } = world()
      const results = await Promise.all(
        ['x', 'y'].map((owner) =>
          codeOf(database.transaction((tx) => database.stores.claims.insert(tx, [{ value: 'a', owner }]))),
        ),
      )
      expect(results.map(String).sort()).toEqual(['UNIQUE', 'nothing was thrown'])
      expect(await claimed(database)).toEqual(['a'])
    })
  })
}

async function writeEverywhere({ stores }: Database, tx: Transaction): Promise<void> {
  await stores.operations.insert(tx, [operation('o1')])
  await stores.sagas.insert(tx, [sagaRow('s1')])
  await stores.starts.insert(tx, [startRow('s1')])
  await stores.scheduled.insert(tx, [{ dueAt: tx.now - HOUR_MS, messages: [message('m1', { topic: 't' })] }])
  await stores.claims.insert(tx, [{ value: 'a', owner: 'me' }])
  await stores.deadLetters.insert(tx, [{ id: 'd1', topic: 't', reason: 'r', detail: 'd', text: 'x' }])
  await stores.outbox.insert(tx, {
    id: 'b1',
    messages: [message('m1', { topic: 't' })],
    claimAfterMs: -HOUR_MS,
  })
  await stores.progress.count(tx, PLACE)
  await stores.registry.plans(tx, [{ name: 'order.place', version: 1, outline: 'first' }])
  await stores.registry.moveHorizon(tx, LONG_AGO)
}

const NOTHING = {
  operations: [],
  sagas: [],
  starts: [],
  due: [],
  claims: [],
  deadLetters: [],
  outbox: [],
  tries: 1,
  plans: [{ name: 'order.place', version: 1, outline: 'second' }],
  horizon: 0,
}

function everythingIn(database: Database): Promise<Record<keyof typeof NOTHING, unknown>> {
  const { stores } = database
  return database.transaction(async (tx) => ({
    operations: await stores.operations.load(tx, { ids: ['o1'], deferredOf: [] }),
    sagas: await stores.sagas.load(tx, [SAGA]),
    starts: await stores.starts.load(tx, [SAGA]),
    due: await stores.scheduled.takeDue(tx, 10),
    claims: [...(await stores.claims.load(tx, VALUES))],
    deadLetters: await stores.deadLetters.list(tx, 10),
    outbox: await stores.outbox.claim(tx, { countMax: 10, claimAfterMs: 0 }),
    tries: await stores.progress.count(tx, PLACE),
    plans: await stores.registry.plans(tx, [{ name: 'order.place', version: 1, outline: 'second' }]),
    horizon: await stores.registry.horizon(tx),
  }))
}
