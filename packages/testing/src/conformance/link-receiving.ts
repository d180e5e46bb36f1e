// Owns: the scenes about a batch, its rows, its answers and its position, which are one transaction.
import { BATCH_LENGTH_MAX } from '@ensemble/runtime'
import type { Delivered, Link } from '@ensemble/runtime'
import { describe, expect, test } from 'vitest'
import { COPIES } from './copies.ts'
import { firsts, idsOf, onceEach } from './delivered.ts'
import type { LinkWorld } from './link.ts'
import { drain, linked, NOTHING, received, recorded, records, send } from './linked.ts'
import { longMessages, message, messages, operation } from './samples.ts'
import { troubled } from './troubled.ts'
import { codeOf, sorted, until } from './world.ts'

export function receiveScenes(world: () => LinkWorld): void {
  describe('receiving', () => {
    test('rows, answers and position of a batch are one transaction', async () => {
      const { link, database } = await linked(world(), 'order')
      const [questions, answers] = world().topics
      await send(link, [message('question', { topic: questions })])
      await until('the batch', async () => {
        const count = await link.receive(10, async (tx, batch) => {
          const fresh = await recorded(database, tx, batch)
          return fresh.map((id) => message(`answer to ${id}`, { topic: answers }))
        })
        return count === 0 ? null : count
      })
      expect(idsOf(await drain(link, 1))).toEqual(['answer to question'])
      expect(await records(database, ['question'])).toEqual(['question'])
    })

    test('a handler that throws leaves no rows, no messages, and the position: the batch comes again', async () => {
      const { link, database } = await linked(world(), 'order')
      const topic = world().topics[0]
      await send(link, [message('m1', { topic, key: 'k' }), message('m2', { topic, key: 'k' })])
      const failing: Parameters<Link['receive']>[1] = async (tx, batch) => {
        await recorded(database, tx, batch)
        await link.put(tx, [message('ghost', { topic, key: 'k' })])
        throw new Error('handler')
      }
      const failure = await until('the failure', () =>
        link.receive(10, failing).then(
          () => null,
          (error: unknown) => error,
        ),
      )
      expect(failure).toEqual(new Error('handler'))
      expect(idsOf(await drain(link, 2))).toEqual(['m1', 'm2'])
      expect(await records(database, ['m1', 'm2'])).toEqual([])
    })

    test('a deferred write that fails at the commit leaves the position and no messages', async () => {
      const { link, database } = await linked(world(), 'order')
      const topic = world().topics[0]
      await database.transaction((tx) => database.stores.operations.insert(tx, [operation('o1')]))
      await send(link, [message('m1', { topic, key: 'k' })])
      const code = await until('the failure', async () => {
        const found = await codeOf(
          link.receive(10, async (tx) => {
            tx.defer(database.stores.operations.insert(tx, [operation('o1')]))
            return [message('ghost', { topic, key: 'k' })]
          }),
        )
        return found === 'nothing was thrown' ? null : found
      })
      expect(code).toBe('UNIQUE')
      expect(idsOf(await drain(link, 1))).toEqual(['m1'])
    })

    test('never more than countMax are handled, and the rest after them; the count is returned', async () => {
      const { link } = await linked(world(), 'order')
      const sent = messages(10, { topic: world().topics[0], keyCount: 1 })
      await send(link, sent)
      const [first, second, third] = [
        await received(link, 4),
        await received(link, 4),
        await received(link, 4),
      ]
      expect([first, second, third].map((batch) => batch.length)).toEqual([4, 4, 2])
      expect(idsOf([...first, ...second, ...third])).toEqual(sent.map(({ id }) => id))
      expect(await link.receive(4, async () => NOTHING)).toBe(0)
    })

    test('long messages are handled in several batches, none lost, in order; the longest alone', async () => {
      const { link } = await linked(world(), 'order')
      const sent = longMessages(world().topics[0])
      for (const one of sent) await send(link, [one])
      const sizes: number[] = []
      const got: Delivered[] = []
      await until('all copies', async () => {
        const count = await link.receive(100 * COPIES, async (_, batch) => {
          sizes.push(batch.reduce((length, one) => length + JSON.stringify(one).length, 0))
          got.push(...batch)
          return NOTHING
        })
        return count === 0 && got.length === sent.length * COPIES ? true : null
      })
      expect(idsOf(firsts(got))).toEqual(sent.map(({ id }) => id))
      // An entry holds several messages, and what is around them counts differently from bus to bus.
      expect(Math.max(...sizes)).toBeLessThan(1.2 * BATCH_LENGTH_MAX)
      expect(sizes.length).toBeGreaterThan(3)
    })

    test('a batch may end between two copies of a message: its effect is recorded once', async () => {
      const { link, database } = await linked(world(), 'order')
      const ids = messages(3, { topic: world().topics[0], keyCount: 1 }).map(({ id }) => id)
      await send(link, messages(3, { topic: world().topics[0], keyCount: 1 }))
      const batches: { readonly count: number; readonly fresh: readonly string[] }[] = []
      await until('all copies', async () => {
        let fresh: string[] = []
        const count = await link.receive(COPIES + 1, async (tx, batch) => {
          fresh = await recorded(database, tx, batch)
          return NOTHING
        })
        if (count > 0) batches.push({ count, fresh })
        return batches.length === 3 ? true : null
      })
      expect(batches).toEqual([
        { count: COPIES + 1, fresh: ids.slice(0, 2) },
        { count: COPIES + 1, fresh: ids.slice(2) },
        { count: 1, fresh: [] },
      ])
      expect(await link.receive(10, async () => NOTHING)).toBe(0)
      expect(await records(database, ids)).toEqual(ids)
    })

    test('what cannot be decoded is delivered as such, among the rest', async () => {
      const { link } = await linked(world(), 'order')
      const topic = world().topics[0]
      await send(link, [message('before', { topic, key: 'k' })])
      await world().raw({ topic, key: 'k', text: 'no { json' })
      await send(link, [message('after', { topic, key: 'k' })])
      const got = await drain(link, 3)
      expect(got.map((one) => (one.ok ? one.message.id : 'not decoded'))).toEqual([
        'before',
        'not decoded',
        'after',
      ])
    })

    test('a link that connects again goes on where its service was', async () => {
      const first = await linked(world(), 'order')
      const sent = messages(4, { topic: world().topics[0], keyCount: 1 })
      await send(first.link, sent)
      expect(idsOf(await received(first.link, 3))).toEqual(sent.slice(0, 3).map(({ id }) => id))
      await first.link.close()
      const second = await linked(world(), 'order')
      expect(idsOf(await drain(second.link, 1))).toEqual(sent.slice(3).map(({ id }) => id))
    })

    test('each copy delivered three times and shuffled leaves the same rows', async () => {
      const { bus, topics } = world()
      const { link: sender, database } = await linked(world(), 'order')
      const sent = messages(20, { topic: topics[0], keyCount: 4 })
      await send(sender, sent)
      // A bus that shares partitions out in advance would keep some for it.
      await sender.close()
      const link = await troubled(bus, { copies: 3, shuffle: 11 }).connect({
        service: 'order',
        database,
        topics,
      })
      let handled = 0
      await until('all messages', async () => {
        handled += await link.receive(8, async (tx, batch) => {
          expect(batch).toHaveLength(onceEach(batch).length * 3)
          await recorded(database, tx, batch)
          return NOTHING
        })
        return handled >= sent.length * COPIES ? handled : null
      })
      const ids = sent.map(({ id }) => id)
      expect([handled, sorted(await records(database, ids))]).toEqual([sent.length * COPIES, sorted(ids)])
    })
  })
}
