// Owns: the scenes about the small stores: unique values, tries per position, plan versions and the horizon.
import type { Database } from '@ensemble/runtime'
import { describe, expect, test } from 'vitest'
import type { DatabaseWorld } from './database.ts'
import { LONG_AGO } from './samples.ts'
import { codeOf } from './world.ts'

export function smallStoreScenes(world: () => DatabaseWorld): void {
  claimScenes(world)
  progressScenes(world)
  registryScenes(world)
}

function claimScenes(world: () => DatabaseWorld): void {
  describe('claims', () => {
    const load = (database: Database, values: readonly string[]): Promise<ReadonlyMap<string, string>> =>
      database.transaction((tx) => database.stores.claims.load(tx, values))

    test('many values are claimed, found with their owners and released', async () => {
      const { database } = world()
      const { claims } = database.stores
      await database.transaction((tx) =>
        claims.insert(tx, [
          { value: 'ann@example.com', owner: 'u1' },
          { value: 'bob@example.com', owner: 'u2' },
          { value: 'eve@example.com', owner: 'u3' },
        ]),
      )
      await database.transaction((tx) => claims.release(tx, ['bob@example.com', 'nobody@example.com']))
      expect(await load(database, ['eve@example.com', 'bob@example.com', 'ann@example.com', 'x'])).toEqual(
        new Map([
          ['ann@example.com', 'u1'],
          ['eve@example.com', 'u3'],
        ]),
      )
    })

    test('a value that is taken raises UNIQUE, free again it does not', async () => {
      const { database } = world()
      const take = (owner: string): Promise<void> =>
        database.transaction((tx) => database.stores.claims.insert(tx, [{ value: 'a', owner }]))
      await take('u1')
      expect(await codeOf(take('u2'))).toBe('UNIQUE')
      await database.transaction((tx) => database.stores.claims.release(tx, ['a']))
      await take('u2')
      expect(await load(database, ['a'])).toEqual(new Map([['a', 'u2']]))
    })
  })
}

function progressScenes(world: () => DatabaseWorld): void {
  describe('progress', () => {
    const count = (database: Database, partition: number, position: string): Promise<number> =>
      database.transaction((tx) => database.stores.progress.count(tx, { topic: 't', partition, position }))

    test('tries of one position are counted, this one included; another position begins at one', async () => {
      const { database } = world()
      const tries = [
        await count(database, 0, '5'),
        await count(database, 0, '5'),
        await count(database, 1, '5'),
        await count(database, 0, '5'),
        await count(database, 0, '6'),
        await count(database, 0, '5'),
      ]
      expect(tries).toEqual([1, 2, 1, 3, 1, 1])
    })

    test('a cleared partition begins at one, the others go on', async () => {
      const { database } = world()
      await count(database, 0, '5')
      await count(database, 1, '5')
      await database.transaction((tx) => database.stores.progress.clear(tx, { topic: 't', partition: 0 }))
      expect([await count(database, 0, '5'), await count(database, 1, '5')]).toEqual([1, 2])
    })
  })
}

function registryScenes(world: () => DatabaseWorld): void {
  describe('registry', () => {
    test('the outline that was stored first is answered', async () => {
      const { database } = world()
      const register = (outline: string): Promise<readonly object[]> =>
        database.transaction((tx) =>
          database.stores.registry.plans(tx, [
            { name: 'order.place', version: 1, outline },
            { name: 'order.place', version: 2, outline: 'two' },
          ]),
        )
      const first = [
        { name: 'order.place', version: 1, outline: 'one' },
        { name: 'order.place', version: 2, outline: 'two' },
      ]
      expect(await register('one')).toEqual(first)
      expect(await register('changed')).toEqual(first)
    })

    test('the horizon begins at 0, moves forward and never back', async () => {
      const { database } = world()
      const { registry } = database.stores
      const seen = [await registry.horizon(database)]
      for (const to of [LONG_AGO, LONG_AGO + 9, LONG_AGO + 3]) {
        await database.transaction((tx) => registry.moveHorizon(tx, to))
        seen.push(await registry.horizon(database))
      }
      expect(seen).toEqual([0, LONG_AGO, LONG_AGO + 9, LONG_AGO + 9])
    })
  })
}
