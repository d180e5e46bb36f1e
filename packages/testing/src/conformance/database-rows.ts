// Owns: the scenes about a service's own tables, for adapters that offer `Rows` and `Entries`.
import type { Rows } from '@ensemble/runtime'
import { describe, expect, test } from 'vitest'
import type { DatabaseWorld, Thing } from './database.ts'
import { codeOf } from './world.ts'

const thing = (id: string, amount = 1): Thing => ({ id, label: `thing ${id} "ü"`, amount })
const row = (state: Thing): { key: string; state: Thing } => ({ key: state.id, state })

export function rowScenes(world: () => DatabaseWorld): void {
  describe('rows and entries', () => {
    test('many rows are inserted, loaded in order of key, and updated', async ({ skip }) => {
      const { database, rows } = offered(world(), skip)
      await database.transaction((tx) => rows.insert(tx, [row(thing('b')), row(thing('a')), row(thing('c'))]))
      await database.transaction((tx) => rows.update(tx, [row(thing('c', 7)), row(thing('a', -5))]))
      const found = await database.transaction((tx) => rows.load(tx, ['c', 'a', 'b', 'nowhere', 'a']))
      expect([...found]).toEqual([
        ['a', thing('a', -5)],
        ['b', thing('b')],
        ['c', thing('c', 7)],
      ])
    })

    test('a key that is there raises UNIQUE; nothing of the batch stays', async ({ skip }) => {
      const { database, rows } = offered(world(), skip)
      await database.transaction((tx) => rows.insert(tx, [row(thing('a'))]))
      const again = database.transaction((tx) => rows.insert(tx, [row(thing('b')), row(thing('a', 9))]))
      expect(await codeOf(again)).toBe('UNIQUE')
      expect([...(await database.transaction((tx) => rows.load(tx, ['a', 'b'])))]).toEqual([
        ['a', thing('a')],
      ])
    })

    test('a key that is not there raises MOVED when it is updated', async ({ skip }) => {
      const { database, rows } = offered(world(), skip)
      expect(await codeOf(database.transaction((tx) => rows.update(tx, [row(thing('a'))])))).toBe('MOVED')
    })

    test('loaded rows are locked: two transactions that add to one row lose nothing', async ({ skip }) => {
      const { database, rows } = offered(world(), skip)
      await database.transaction((tx) => rows.insert(tx, [row(thing('a', 0))]))
      const add = (): Promise<void> =>
        database.transaction(async (tx) => {
          const amount = (await rows.load(tx, ['a'])).get('a')?.amount ?? 0
          await rows.update(tx, [row(thing('a', amount + 1))])
        })
      await Promise.all([add(), add(), add()])
      expect([...(await database.transaction((tx) => rows.load(tx, ['a'])))]).toEqual([['a', thing('a', 3)]])
    })

    test('entries are appended with their transaction or not at all', async ({ skip }) => {
      const { database, entries, committedEntries } = world()
      if (entries === undefined || committedEntries === undefined)
        return skip('the adapter offers no entries')
      await database.transaction((tx) =>
        entries.append(tx, [
          { thingId: 'a', amount: 1 },
          { thingId: 'a', amount: 2 },
        ]),
      )
      const failed = database.transaction(async (tx) => {
        await entries.append(tx, [{ thingId: 'a', amount: 3 }])
        throw new Error('no')
      })
      await expect(failed).rejects.toThrow('no')
      const found = (await committedEntries()).toSorted((a, b) => a.amount - b.amount)
      expect(found).toEqual([
        { thingId: 'a', amount: 1 },
        { thingId: 'a', amount: 2 },
      ])
    })
  })
}

type WithRows = DatabaseWorld & { readonly rows: Rows<Thing> }

function offered(world: DatabaseWorld, skip: (reason: string) => never): WithRows {
  const { rows } = world
  return rows === undefined ? skip('the adapter offers no rows') : { ...world, rows }
}
