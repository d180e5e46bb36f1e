// Owns: the scenes about messages that go with a transaction.
import type { Message } from '@ensemble/core'
import type { Transaction } from '@ensemble/runtime'
import { describe, expect, test } from 'vitest'
import { byKey, decoded, idsOf } from './delivered.ts'
import type { LinkWorld } from './link.ts'
import { drain, linked, NOTHING, records, send } from './linked.ts'
import { command, message, messages, operation } from './samples.ts'
import { codeOf, sorted, until } from './world.ts'

export function sendScenes(world: () => LinkWorld): void {
  describe('sending', () => {
    test('messages of a transaction arrive after it as they were, in order per key', async () => {
      const { link } = await linked(world(), 'order')
      const sent = messages(30, { topic: world().topics[0], keyCount: 4 })
      const value = await link.transaction(async () => ({ value: 'done', messages: sent }))
      const got = decoded(await drain(link, sent.length))
      expect(value).toBe('done')
      expect(byKey(got)).toEqual(byKey(sent))
      expect(got.toSorted((a, b) => (a.id < b.id ? -1 : 1))).toEqual(sent)
    })

    test('messages and rows of a transaction that fails never appear', async () => {
      const { link, database } = await linked(world(), 'order')
      const topic = world().topics[0]
      const failed = link.transaction(async (tx) => {
        await database.stores.operations.insert(tx, [operation('o1')])
        tx.defer(database.stores.operations.insert(tx, [operation('o1')]))
        return { value: null, messages: [message('ghost', { topic, key: 'k' })] }
      })
      expect(await codeOf(failed)).toBe('UNIQUE')
      await send(link, [message('marker', { topic, key: 'k' })])
      expect(idsOf(await drain(link, 1))).toEqual(['marker'])
      expect(await records(database, ['o1'])).toEqual([])
    })

    test('commands that are done already go nowhere, whatever else is said with them', async () => {
      const { link } = await linked(world(), 'order')
      const topic = world().topics[0]
      const done: Message = { ...command('done', { topic, key: 'k' }), handledBy: 'order' }
      const handled: Message = { ...message('handled', { topic, key: 'k' }), handledBy: 'order' }
      await send(link, [done])
      await send(link, [done, handled])
      const seen = new Set<string>()
      const answering = (): Promise<number> =>
        link.receive(10, async (_tx, batch) => {
          for (const id of idsOf(batch)) seen.add(id)
          return [done, message('answer', { topic, key: 'k' })]
        })
      await until('a batch', async () => ((await answering()) > 0 ? true : null))
      expect([...seen]).toEqual(['handled'])
      await send(link, [command('asked', { topic, key: 'k' })])
      expect(sorted(idsOf(await drain(link, 2)))).toEqual(['answer', 'asked'])
    })

    test("messages put into a caller's transaction arrive with it or not at all", async () => {
      const { link, database } = await linked(world(), 'order')
      const topic = world().topics[0]
      const failed = database.transaction(async (tx) => {
        await link.put(tx, [message('ghost', { topic, key: 'k' })])
        throw new Error('no')
      })
      await expect(failed).rejects.toThrow('no')
      await database.transaction((tx) => link.put(tx, [message('marker', { topic, key: 'k' })]))
      await link.relay()
      expect(idsOf(await drain(link, 1))).toEqual(['marker'])
    })

    test('messages put inside a savepoint that is taken back never appear, those outside do', async () => {
      const { link, database } = await linked(world(), 'order')
      const topic = world().topics[0]
      const put = (tx: Transaction, id: string): Promise<void> =>
        link.put(tx, [message(id, { topic, key: 'k' })])
      await database.transaction(async (tx) => {
        await put(tx, 'before')
        const handler = tx.savepoint(async () => {
          await put(tx, 'ghost')
          throw new Error('handler')
        })
        await expect(handler).rejects.toThrow('handler')
        await put(tx, 'after')
      })
      await link.relay()
      expect(sorted(idsOf(await drain(link, 2)))).toEqual(['after', 'before'])
    })

    test('news are told when something is sent', async () => {
      const [sender, receiver] = [await linked(world(), 'order'), await linked(world(), 'payment')]
      let told = 0
      receiver.link.onNews(() => {
        told += 1
      })
      expect(await receiver.link.receive(10, async () => NOTHING)).toBe(0)
      await send(sender.link, [message('m1', { topic: world().topics[0] })])
      await until('news', () => (told > 0 ? told : null))
      expect(idsOf(await drain(receiver.link, 1))).toEqual(['m1'])
    })
  })
}
