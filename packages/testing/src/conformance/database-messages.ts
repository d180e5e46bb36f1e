// Owns: the scenes about messages that wait in the database: scheduled ones, the outbox, dead letters.
// I1: what is stored holds each message three times, as on a bus; the scenes count and compare messages.
import { pack } from '@ensemble/core'
import type { Message, Time } from '@ensemble/core'
import { BATCH_LENGTH_MAX } from '@ensemble/runtime'
import type { Database, DeadLetter } from '@ensemble/runtime'
import { describe, expect, test } from 'vitest'
import { COPIES, firstMessages, tripled } from './copies.ts'
import type { DatabaseWorld } from './database.ts'
import { HOUR_MS, LONG_AGO, longMessages, message } from './samples.ts'
import { codeOf, sorted } from './world.ts'

export function messageStoreScenes(world: () => DatabaseWorld): void {
  scheduledScenes(world)
  outboxScenes(world)
  deadLetterScenes(world)
}

const note = (id: string): Message => message(id, { topic: 'order.commands' })

function scheduledScenes(world: () => DatabaseWorld): void {
  describe('scheduled', () => {
    const schedule = (
      database: Database,
      rows: readonly { dueAt: Time; messages: readonly Message[] }[],
    ): Promise<void> =>
      database.transaction((tx) =>
        database.stores.scheduled.insert(
          tx,
          rows.map(({ dueAt, messages }) => ({ dueAt, messages: tripled(messages) })),
        ),
      )
    const take = async (database: Database, countMax: number): Promise<readonly Message[]> => {
      const copies = await database.transaction((tx) =>
        database.stores.scheduled.takeDue(tx, countMax * COPIES),
      )
      return firstMessages(copies)
    }

    test('what is due is taken whole, oldest first, and once; what is not stays', async () => {
      const { database } = world()
      await schedule(database, [
        { dueAt: LONG_AGO * 2, messages: [note('far away')] },
        { dueAt: LONG_AGO + 2, messages: [note('second'), note('third')] },
        { dueAt: LONG_AGO, messages: [note('first')] },
      ])
      expect(await take(database, 10)).toEqual([note('first'), note('second'), note('third')])
      expect(await take(database, 10)).toEqual([])
      expect(await database.stores.scheduled.nextDue(database)).toBe(LONG_AGO * 2)
    })

    test('at most countMax are taken at a time', async () => {
      const { database } = world()
      await schedule(
        database,
        ['a', 'b', 'c'].map((id, index) => ({ dueAt: LONG_AGO + index, messages: [note(id)] })),
      )
      expect(await take(database, 2)).toEqual([note('a'), note('b')])
      expect(await take(database, 2)).toEqual([note('c')])
    })

    test('a pack is never split: copies of a message are taken together, though it be past countMax', async () => {
      const { database } = world()
      await schedule(database, [{ dueAt: LONG_AGO, messages: [note('a'), note('b')] }])
      const taken = await database.transaction((tx) => database.stores.scheduled.takeDue(tx, 1))
      expect(taken).toEqual(tripled([note('a'), note('b')]))
    })

    test('long messages are taken in several goes, none lost, oldest first; the longest pack alone', async () => {
      const { database } = world()
      const sent = longMessages('t')
      await schedule(
        database,
        sent.map((one, index) => ({ dueAt: LONG_AGO + index, messages: [one] })),
      )
      const sizes: number[] = []
      const got: Message[] = []
      while (got.length < sent.length) {
        const taken = await take(database, 100)
        sizes.push(pack(tripled(taken)).length)
        got.push(...taken)
      }
      expect(got).toEqual(sent)
      expect(Math.max(...sizes)).toBeLessThan(1.01 * BATCH_LENGTH_MAX)
    })

    test('nextDue is the earliest time, null when nothing is scheduled', async () => {
      const { database } = world()
      expect(await database.stores.scheduled.nextDue(database)).toBe(null)
      await schedule(
        database,
        [LONG_AGO + 5, LONG_AGO, LONG_AGO + 9].map((dueAt) => ({ dueAt, messages: [note('a')] })),
      )
      expect(await database.stores.scheduled.nextDue(database)).toBe(LONG_AGO)
    })

    test('takers at one time take each message once', async () => {
      const { database } = world()
      const ids = Array.from({ length: 20 }, (_, index) => `m${index}`)
      await schedule(
        database,
        ids.map((id) => ({ dueAt: LONG_AGO, messages: [note(id)] })),
      )
      const taken = (await Promise.all([1, 2, 3].map(() => take(database, 20)))).flat()
      const rest = await take(database, 20)
      expect(sorted([...taken, ...rest].map(({ id }) => id))).toEqual(sorted(ids))
    })

    test('a taker that fails gives back what it took', async () => {
      const { database } = world()
      await schedule(database, [{ dueAt: LONG_AGO, messages: [note('a')] }])
      const failed = database.transaction(async (tx) => {
        await database.stores.scheduled.takeDue(tx, 10)
        throw new Error('bus is down')
      })
      await expect(failed).rejects.toThrow('bus is down')
      expect(await take(database, 10)).toEqual([note('a')])
    })
  })
}

function outboxScenes(world: () => DatabaseWorld): void {
  describe('outbox', () => {
    const left = (database: Database, id: string, claimAfterMs = -HOUR_MS): Promise<void> =>
      database.transaction((tx) =>
        database.stores.outbox.insert(tx, {
          id,
          messages: tripled([note(`${id}1`), note(`${id}2`)]),
          claimAfterMs,
        }),
      )
    const claimRows = async (
      database: Database,
      what: { readonly countMax: number; readonly claimAfterMs: number },
    ): Promise<{ id: string; messages: readonly Message[] }[]> => {
      const rows = await database.stores.outbox.claim(database, what)
      return rows.map(({ id, messages }) => ({ id, messages: firstMessages(messages) }))
    }
    const claim = async (database: Database, claimAfterMs: number, countMax = 10): Promise<string[]> => {
      const rows = await claimRows(database, { countMax, claimAfterMs })
      return sorted(rows.map(({ id }) => id))
    }

    test('a row is claimed with its messages once its sender had its time, not before', async () => {
      const { database } = world()
      await left(database, 'left behind')
      await left(database, 'just written', HOUR_MS)
      const rows = await claimRows(database, { countMax: 10, claimAfterMs: HOUR_MS })
      expect(rows).toEqual([{ id: 'left behind', messages: [note('left behind1'), note('left behind2')] }])
    })

    test('a claimed row is not claimed again until the claimer had its time', async () => {
      const { database } = world()
      await left(database, 'a')
      expect([
        await claim(database, -HOUR_MS),
        await claim(database, HOUR_MS),
        await claim(database, HOUR_MS),
      ]).toEqual([['a'], ['a'], []])
    })

    test('at most countMax are claimed; claimers at one time claim each row once', async () => {
      const { database } = world()
      for (const id of ['a', 'b', 'c', 'd']) await left(database, id)
      const claimed = await Promise.all([claim(database, HOUR_MS, 1), claim(database, HOUR_MS, 1)])
      expect(claimed.map((ids) => ids.length)).toEqual([1, 1])
      expect(sorted([...claimed.flat(), ...(await claim(database, HOUR_MS))])).toEqual(['a', 'b', 'c', 'd'])
    })

    test('a removed row is gone; removing what is not there does nothing', async () => {
      const { database } = world()
      for (const id of ['a', 'b', 'c']) await left(database, id)
      await database.stores.outbox.remove(database, ['a', 'c', 'nowhere'])
      expect(await claim(database, HOUR_MS)).toEqual(['b'])
    })

    test('one id twice raises UNIQUE', async () => {
      const { database } = world()
      await left(database, 'a')
      expect(await codeOf(left(database, 'a'))).toBe('UNIQUE')
    })
  })
}

function deadLetterScenes(world: () => DatabaseWorld): void {
  describe('dead letters', () => {
    const letter = (id: string): DeadLetter => ({
      id,
      topic: 'order.commands',
      reason: 'UNDECODABLE',
      detail: 'not a JSON array of messages',
      text: `{"${id}": "ü`,
    })
    const bury = (database: Database, letters: readonly DeadLetter[]): Promise<void> =>
      database.transaction((tx) => database.stores.deadLetters.insert(tx, tripled(letters)))

    test('letters are listed as they were written, with their time, at most countMax', async () => {
      const { database } = world()
      await bury(database, [letter('a'), letter('b'), letter('c')])
      const listed = await database.stores.deadLetters.list(database, 10)
      expect(sorted(listed.map(({ id }) => id))).toEqual(['a', 'b', 'c'])
      const one = listed.find(({ id }) => id === 'b')
      expect(one).toEqual({ ...letter('b'), at: one?.at })
      expect(Number.isFinite(one?.at)).toBe(true)
      expect(await database.stores.deadLetters.list(database, 2)).toHaveLength(2)
    })

    test('a letter that comes again, as after a redelivery, stays one and fails nothing', async () => {
      const { database } = world()
      await bury(database, [letter('a')])
      await bury(database, [letter('a'), letter('b')])
      const listed = await database.stores.deadLetters.list(database, 10)
      expect(sorted(listed.map(({ id }) => id))).toEqual(['a', 'b'])
    })
  })
}
