// Owns: the conformance suite of transports: buses in another place than the service's database.
import type { Delivered, Delivery, Subscription, Transport } from '@ensemble/runtime'
import { describe, expect, test } from 'vitest'
import { byKey, decoded, idsOf } from './delivered.ts'
import { message, messages } from './samples.ts'
import { troubled } from './troubled.ts'
import { freshWorld, sorted, until } from './world.ts'

export interface TransportWorld {
  readonly transport: Transport
  /** Names of topics that nobody has used; each has at least two partitions. */
  readonly topics: readonly [string, string]
  /** Puts a text on the bus as it is, as a broken sender would. */
  readonly raw: (what: {
    readonly topic: string
    readonly key: string
    readonly text: string
  }) => Promise<void>
  close(): Promise<void>
}

interface Suite {
  readonly name: string
  readonly open: () => Promise<TransportWorld>
}

/** Registers the scenes; `open` is called for each of them. */
export function transportConformance({ name, open }: Suite): void {
  describe(`${name} is a transport`, () => {
    const world = freshWorld(open)
    deliveryScenes(world)
    troubleScenes(world)
    groupScenes(world)
  })
}

function taken(subscription: Subscription, countMax = 100): Promise<Delivery> {
  return until('a delivery', () => subscription.take(countMax))
}

/** Takes and finishes until `count` messages came. */
async function drain(subscription: Subscription, count: number): Promise<Delivered[]> {
  const all: Delivered[] = []
  while (all.length < count) {
    const delivery = await taken(subscription)
    all.push(...delivery.messages)
    await delivery.done()
  }
  return all
}

function deliveryScenes(world: () => TransportWorld): void {
  describe('delivery', () => {
    test('a message arrives as it was sent, with its place', async () => {
      const { transport, topics } = world()
      const sent = message('m1', { topic: topics[0] })
      await transport.send([sent])
      const [one, ...others] = await drain(await transport.subscribe({ group: 'g', topics }), 1)
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
      const got = decoded(await drain(await transport.subscribe({ group: 'g', topics }), sent.length))
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
      const subscription = await transport.subscribe({ group: 'g', topics })
      const sizes: number[] = []
      const got: Delivered[] = []
      while (got.length < sent.length) {
        const delivery = await taken(subscription, 4)
        sizes.push(delivery.messages.length)
        got.push(...delivery.messages)
        await delivery.done()
      }
      expect(idsOf(got)).toEqual(sent.map(({ id }) => id))
      expect(sizes).toEqual([4, 4, 2])
    })

    test('what cannot be decoded is delivered as such, among the rest', async () => {
      const { transport, topics, raw } = world()
      await transport.send([message('before', { topic: topics[0], key: 'k' })])
      await raw({ topic: topics[0], key: 'k', text: 'no { json' })
      await raw({ topic: topics[0], key: 'k', text: '{"id":"m1"}' })
      await transport.send([message('after', { topic: topics[0], key: 'k' })])
      const got = await drain(await transport.subscribe({ group: 'g', topics }), 4)
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
      const subscription = await transport.subscribe({ group: 'g', topics })
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

function troubleScenes(world: () => TransportWorld): void {
  describe('trouble', () => {
    test('released messages are delivered again, in order', async () => {
      const { transport, topics } = world()
      const sent = messages(5, { topic: topics[0], keyCount: 1 })
      await transport.send(sent)
      const subscription = await transport.subscribe({ group: 'g', topics })
      const first = await taken(subscription)
      await first.release()
      expect(idsOf(await drain(subscription, sent.length))).toEqual(sent.map(({ id }) => id))
      expect(await subscription.take(100)).toBe(null)
    })

    test('held messages are not delivered a second time meanwhile', async () => {
      const { transport, topics } = world()
      await transport.send(messages(3, { topic: topics[0], keyCount: 1 }))
      const subscription = await transport.subscribe({ group: 'g', topics })
      const held = await taken(subscription, 1)
      expect(await subscription.take(100)).toBe(null)
      await held.done()
      expect(await drain(subscription, 2)).toHaveLength(2)
    })

    test('messages of one who crashed between take and done go to the next', async () => {
      const { transport, topics } = world()
      const sent = messages(5, { topic: topics[0], keyCount: 1 })
      await transport.send(sent)
      const crashed = await transport.subscribe({ group: 'g', topics })
      const finished = await taken(crashed, 2)
      await finished.done()
      await taken(crashed)
      await crashed.close()
      const next = await transport.subscribe({ group: 'g', topics })
      expect(idsOf(await drain(next, 3))).toEqual(sent.slice(2).map(({ id }) => id))
    })

    test('done after somebody else went on is harmless', async () => {
      const { transport, topics } = world()
      const sent = messages(4, { topic: topics[0], keyCount: 1 })
      await transport.send(sent.slice(0, 3))
      const slow = await transport.subscribe({ group: 'g', topics })
      const late = await taken(slow, 2)
      await slow.close()
      const next = await transport.subscribe({ group: 'g', topics })
      const got = await drain(next, 3)
      await late.done()
      await transport.send(sent.slice(3))
      got.push(...(await drain(next, 1)))
      expect(idsOf(got)).toEqual(sent.map(({ id }) => id))
    })

    test('a restarted group goes on where it was', async () => {
      const { transport, topics } = world()
      const sent = messages(4, { topic: topics[0], keyCount: 1 })
      await transport.send(sent.slice(0, 2))
      const before = await transport.subscribe({ group: 'g', topics })
      await drain(before, 2)
      await before.close()
      await transport.send(sent.slice(2))
      const after = await transport.subscribe({ group: 'g', topics })
      expect(idsOf(await drain(after, 2))).toEqual(sent.slice(2).map(({ id }) => id))
    })

    test('everything three times and shuffled leaves the same set of ids', async () => {
      const { transport, topics } = world()
      const sent = messages(20, { topic: topics[0], keyCount: 4 })
      await transport.send(sent)
      const stormy = troubled(transport, { copies: 3, shuffle: 7 })
      const got = idsOf(await drain(await stormy.subscribe({ group: 'g', topics }), sent.length * 3))
      expect(sorted(got)).toEqual(sorted(sent.flatMap(({ id }) => [id, id, id])))
    })
  })
}

function groupScenes(world: () => TransportWorld): void {
  describe('groups', () => {
    test('two groups each get everything', async () => {
      const { transport, topics } = world()
      const sent = messages(12, { topic: topics[0], keyCount: 6 })
      const groups = await Promise.all(['a', 'b'].map((group) => transport.subscribe({ group, topics })))
      await transport.send(sent)
      for (const group of groups) {
        expect(sorted(idsOf(await drain(group, sent.length)))).toEqual(sorted(sent.map(({ id }) => id)))
      }
    })

    test('two subscribers of a group share its partitions and never both hold one', async () => {
      const { transport, topics } = world()
      const pair = [
        await transport.subscribe({ group: 'g', topics }),
        await transport.subscribe({ group: 'g', topics }),
      ]
      const [sent, got]: [string[], string[]] = [[], []]
      const busy = new Set<number>()
      // Rounds of messages until both have held something at one time: a broker may take a while to share.
      await until('both subscribers to work', async () => {
        const round = messages(16, { topic: topics[0], keyCount: 16 }).map((one) => ({
          ...one,
          id: `${one.id}/${sent.length}`,
        }))
        await transport.send(round)
        sent.push(...round.map(({ id }) => id))
        const held = await Promise.all(pair.map((one) => one.take(4)))
        const places = held.map((one) => new Set(one?.messages.map(({ partition }) => partition)))
        expect([...(places[0] ?? [])].filter((partition) => places[1]?.has(partition))).toEqual([])
        for (const [index, one] of held.entries()) {
          if (one === null) continue
          busy.add(index)
          got.push(...idsOf(one.messages))
          await one.done()
        }
        return busy.size === pair.length ? true : null
      })
      await pair[1]?.close()
      if (pair[0] !== undefined) got.push(...idsOf(await drain(pair[0], sent.length - got.length)))
      expect(sorted(got)).toEqual(sorted(sent))
    })
  })
}
