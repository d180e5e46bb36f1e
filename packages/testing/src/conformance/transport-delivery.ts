// Owns: the scenes about what a transport delivers on a calm day: whole, in order, bounded, with news.
import type { Delivered } from '@ensemble/runtime'
import { describe, expect, test } from 'vitest'
import { COPIES } from './copies.ts'
import { byKey, decoded, firsts, idsOf } from './delivered.ts'
import { message, messages } from './samples.ts'
import { collect, drain, join, taken } from './subscribed.ts'
import type { TransportWorld } from './transport.ts'
import { sorted, until } from './world.ts'

export function deliveryScenes(world: () => TransportWorld): void {
  describe('delivery', () => {
    test('a message arrives as it was sent, with its place', async () => {
      const { transport, topics } = world()
      const sent = message('m1', { topic: topics[0] })
      await transport.send([sent])
      const [one, ...others] = await drain(await join(world()), 1)
      expect(others).toEqual([])
      const place = { topic: one?.topic, partition: one?.partition, position: one?.position }
      expect(one).toEqual({ ok: true, message: sent, ...place })
      expect([place.topic, typeof place.partition, typeof place.position]).toEqual([
        topics[0],
        'number',
        'string',
      ])
    })

    test('messages of one key keep their order', async () => {
      const { transport, topics } = world()
      const sent = messages(40, { topic: topics[0], keyCount: 5 })
      await transport.send(sent.slice(0, 25))
      await transport.send(sent.slice(25))
      const got = decoded(await drain(await join(world()), sent.length))
      expect(byKey(got)).toEqual(byKey(sent))
    })

    test('a new group begins at the earliest message', async () => {
      const { transport, topics } = world()
      const sent = messages(6, { topic: topics[0], keyCount: 6 })
      await transport.send(sent)
      await drain(await transport.subscribe({ group: 'old', topics }), sent.length)
      const got = await drain(await transport.subscribe({ group: 'new', topics }), sent.length)
      expect(sorted(idsOf(got))).toEqual(sorted(sent.map(({ id }) => id)))
    })

    test('only subscribed topics are delivered; nothing now is null', async () => {
      const { transport, topics } = world()
      const subscription = await transport.subscribe({ group: 'g', topics: [topics[1]] })
      await transport.send([message('no', { topic: topics[0] }), message('yes', { topic: topics[1] })])
      expect(idsOf(await drain(subscription, 1))).toEqual(['yes'])
      expect(await subscription.take(100)).toBe(null)
    })

    test('never more than countMax are taken, and the rest after them', async () => {
      const { transport, topics } = world()
      const sent = messages(10, { topic: topics[0], keyCount: 1 })
      await transport.send(sent)
      const subscription = await join(world())
      const sizes: number[] = []
      const got: Delivered[] = []
      while (got.length < sent.length) {
        const delivery = await taken(subscription, 4)
        const batch = firsts(delivery.messages)
        sizes.push(batch.length)
        got.push(...batch)
        await delivery.done()
      }
      expect(idsOf(got)).toEqual(sent.map(({ id }) => id))
      expect(sizes).toEqual([4, 4, 2])
    })

    test('a position between two copies of a message is one like any other', async () => {
      const { transport, topics } = world()
      const sent = messages(3, { topic: topics[0], keyCount: 1 })
      await transport.send(sent)
      const before = await join(world())
      const cut = await until('some copies', () => before.take(COPIES + 1))
      await cut.done()
      await before.close()
      const rest = await collect(await join(world()), 2 * COPIES - 1)
      expect([cut.messages.length, rest.length]).toEqual([COPIES + 1, 2 * COPIES - 1])
      expect(idsOf(firsts([...cut.messages, ...rest]))).toEqual(sent.map(({ id }) => id))
    })

    test('what cannot be decoded is delivered as such, among the rest', async () => {
      const { transport, topics, raw } = world()
      await transport.send([message('before', { topic: topics[0], key: 'k' })])
      await raw({ topic: topics[0], key: 'k', text: 'no { json' })
      await raw({ topic: topics[0], key: 'k', text: '{"id":"m1"}' })
      await transport.send([message('after', { topic: topics[0], key: 'k' })])
      const got = await drain(await join(world()), 4)
      expect(got.map((one) => (one.ok ? one.message.id : 'not decoded'))).toEqual([
        'before',
        'not decoded',
        'not decoded',
        'after',
      ])
      const broken = got.filter((one) => !one.ok)
      expect(broken.map(({ text }) => [text.includes('no { json'), text.includes('m1')])).toEqual([
        [true, false],
        [false, true],
      ])
    })

    test('news are told when something is sent', async () => {
      const { transport, topics } = world()
      const subscription = await join(world())
      let told = 0
      subscription.onNews(() => {
        told += 1
      })
      expect(await subscription.take(1)).toBe(null)
      await transport.send([message('m1', { topic: topics[0] })])
      await until('news', () => (told > 0 ? told : null))
      expect(idsOf(await drain(subscription, 1))).toEqual(['m1'])
    })
  })
}
