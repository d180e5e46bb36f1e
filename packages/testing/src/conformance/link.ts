// Owns: the conformance suite of buses as hosts see them: links, whose messages and positions go with transactions.
import type { Message } from '@ensemble/core'
import type { Bus, Database, Delivered, Link, Transaction } from '@ensemble/runtime'
import { describe, expect, test } from 'vitest'
import { byKey, decoded, idsOf } from './delivered.ts'
import { message, messages, operation } from './samples.ts'
import { troubled } from './troubled.ts'
import { codeOf, freshWorld, gate, sorted, until } from './world.ts'

export interface LinkWorld {
  readonly bus: Bus
  /** The one database of a service, empty at first; the same for the same name. */
  readonly database: (service: string) => Promise<Database>
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
  /**
   * Whether messages wait in the database's outbox between commit and bus. If so, open it with a claim time of 0, so
   * that `relay` sends at once what was `put`: no scene waits.
   */
  readonly hasOutbox: boolean
  readonly open: () => Promise<LinkWorld>
}

/** Registers the scenes; `open` is called for each of them. */
export function linkConformance({ name, hasOutbox, open }: Suite): void {
  describe(`${name} is a bus`, () => {
    const world = freshWorld(open)
    sendScenes(world)
    receiveScenes(world)
    shareScenes(world)
    if (hasOutbox) outboxScenes(world)
  })
}

const NOTHING: readonly Message[] = []
const LONG_MS = 3_600_000

async function linked(
  { bus, database, topics }: LinkWorld,
  service: string,
): Promise<{ link: Link; database: Database }> {
  const own = await database(service)
  return { link: await bus.connect({ service, database: own, topics }), database: own }
}

function send(link: Link, sent: readonly Message[]): Promise<void> {
  return link.transaction(async () => ({ value: undefined, messages: sent }))
}

/** One batch, as soon as there is one. */
function received(link: Link, countMax = 100): Promise<Delivered[]> {
  return until('a batch', async () => {
    const batch: Delivered[] = []
    const count = await link.receive(countMax, async (_, delivered) => {
      batch.splice(0, batch.length, ...delivered)
      return NOTHING
    })
    return count === 0 ? null : batch
  })
}

async function drain(link: Link, count: number): Promise<Delivered[]> {
  const all: Delivered[] = []
  while (all.length < count) all.push(...(await received(link)))
  return all
}

function sendScenes(world: () => LinkWorld): void {
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
      const rows = await database.transaction((tx) =>
        database.stores.operations.load(tx, { ids: ['o1'], deferredOf: [] }),
      )
      expect(rows).toEqual([])
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
      const got = await until('the put message', async () => {
        await link.relay()
        const batch: Delivered[] = []
        const count = await link.receive(10, async (_, delivered) => {
          batch.splice(0, batch.length, ...delivered)
          return NOTHING
        })
        return count === 0 ? null : batch
      })
      expect(idsOf(got)).toEqual(['marker'])
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
      expect(await link.receive(10, async () => NOTHING)).toBe(0)
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

function receiveScenes(world: () => LinkWorld): void {
  describe('receiving', () => {
    test('rows, answers and position of a batch are one transaction', async () => {
      const { link, database } = await linked(world(), 'order')
      const [questions, answers] = world().topics
      await send(link, [message('question', { topic: questions })])
      await until('the batch', async () => {
        const count = await link.receive(10, async (tx) => {
          await database.stores.operations.insert(tx, [operation('o1')])
          return [message('answer', { topic: answers })]
        })
        return count === 0 ? null : count
      })
      expect(idsOf(await drain(link, 1))).toEqual(['answer'])
      const rows = await database.transaction((tx) =>
        database.stores.operations.load(tx, { ids: ['o1'], deferredOf: [] }),
      )
      expect(rows.map(({ id }) => id)).toEqual(['o1'])
      expect(await link.receive(10, async () => NOTHING)).toBe(0)
    })

    test('a handler that throws leaves no rows, no messages, and the position: the batch comes again', async () => {
      const { link, database } = await linked(world(), 'order')
      const topic = world().topics[0]
      await send(link, [message('m1', { topic, key: 'k' }), message('m2', { topic, key: 'k' })])
      const failing = async (tx: Transaction): Promise<readonly Message[]> => {
        await database.stores.operations.insert(tx, [operation('o1')])
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
      const rows = await database.transaction((tx) =>
        database.stores.operations.load(tx, { ids: ['o1'], deferredOf: [] }),
      )
      expect(rows).toEqual([])
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
      expect(await link.receive(10, async () => NOTHING)).toBe(0)
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

    test('everything three times and shuffled leaves the same rows', async () => {
      const { bus, topics } = world()
      const { link: sender, database } = await linked(world(), 'order')
      const sent = messages(20, { topic: topics[0], keyCount: 4 })
      await send(sender, sent)
      const link = await troubled(bus, { copies: 3, shuffle: 11 }).connect({
        service: 'order',
        database,
        topics,
      })
      let handled = 0
      await until('all messages', async () => {
        handled += await link.receive(8, async (tx, batch) => {
          const ids = [...new Set(idsOf(batch))]
          expect(batch).toHaveLength(ids.length * 3)
          const known = await database.stores.operations.load(tx, { ids, deferredOf: [] })
          const fresh = ids.filter((id) => !known.some((row) => row.id === id))
          await database.stores.operations.insert(
            tx,
            fresh.map((id) => operation(id)),
          )
          return NOTHING
        })
        return handled >= sent.length ? handled : null
      })
      const ids = sent.map(({ id }) => id)
      const rows = await database.transaction((tx) =>
        database.stores.operations.load(tx, { ids, deferredOf: [] }),
      )
      expect([handled, sorted(rows.map(({ id }) => id))]).toEqual([sent.length, sorted(ids)])
    })
  })
}

function shareScenes(world: () => LinkWorld): void {
  describe('services and instances', () => {
    test('each service gets everything, from the earliest message', async () => {
      const order = await linked(world(), 'order')
      const sent = messages(12, { topic: world().topics[0], keyCount: 6 })
      await send(order.link, sent)
      const payment = await linked(world(), 'payment')
      for (const { link } of [order, payment]) {
        expect(sorted(idsOf(await drain(link, sent.length)))).toEqual(sorted(sent.map(({ id }) => id)))
      }
    })

    test('instances never handle one partition at one time, nor a message twice', async () => {
      const instances = [await linked(world(), 'order'), await linked(world(), 'order')]
      const sent = messages(40, { topic: world().topics[0], keyCount: 20 })
      const [one] = instances
      if (one !== undefined) await send(one.link, sent)
      const [got, busy]: [string[], Set<string>] = [[], new Set()]
      const handle = async (_: Transaction, batch: readonly Delivered[]): Promise<readonly Message[]> => {
        const places = [...new Set(batch.map(({ topic, partition }) => `${topic}/${partition}`))]
        expect(places.filter((place) => busy.has(place))).toEqual([])
        for (const place of places) busy.add(place)
        await Promise.resolve()
        for (const place of places) busy.delete(place)
        return NOTHING
      }
      await until('all messages', async () => {
        await Promise.all(
          instances.map(async ({ link }) => {
            const batch: string[] = []
            await link.receive(3, async (tx, delivered) => {
              batch.splice(0, batch.length, ...idsOf(delivered))
              return handle(tx, delivered)
            })
            got.push(...batch)
          }),
        )
        return got.length >= sent.length ? got : null
      })
      expect(sorted(got)).toEqual(sorted(sent.map(({ id }) => id)))
    })

    test('while one instance handles a partition, another is not kept waiting for it', async () => {
      const [first, second] = [await linked(world(), 'order'), await linked(world(), 'order')]
      await send(first.link, messages(3, { topic: world().topics[0], keyCount: 1 }))
      const [begun, end] = [gate(), gate()]
      const slow = until('the batch', async () => {
        const count = await first.link.receive(1, async () => {
          begun.open()
          await end.passed
          return NOTHING
        })
        return count === 0 ? null : count
      })
      await begun.passed
      const meanwhile = await second.link.receive(10, async () => NOTHING)
      end.open()
      expect([meanwhile, await slow]).toEqual([0, 1])
      expect(await drain(second.link, 2)).toHaveLength(2)
    })
  })
}

function outboxScenes(world: () => LinkWorld): void {
  describe('relaying', () => {
    test('what a sender left that crashed after its commit is sent by any instance', async () => {
      const { link, database } = await linked(world(), 'order')
      const [first, second] = messages(2, { topic: world().topics[0], keyCount: 1 })
      if (first === undefined || second === undefined) throw new Error('two messages')
      await database.transaction((tx) =>
        database.stores.outbox.insert(tx, { id: 'left', messages: [first, second], claimAfterMs: -LONG_MS }),
      )
      expect(await link.relay()).toBe(1)
      expect(decoded(await drain(link, 2))).toEqual([first, second])
      expect(await link.relay()).toBe(0)
    })

    test('what was sent is not left behind', async () => {
      const { link, database } = await linked(world(), 'order')
      await send(link, messages(3, { topic: world().topics[0], keyCount: 3 }))
      await drain(link, 3)
      // Asked with a claim that passes at once, so that asking leaves the row due.
      await until('an empty outbox', async () => {
        const rows = await database.stores.outbox.claim(database, { countMax: 10, claimAfterMs: -LONG_MS })
        return rows.length === 0 ? true : null
      })
    })
  })
}
