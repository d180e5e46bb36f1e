// Owns: the scenes about several services, several instances of one, and what a crashed one left in its outbox.
import type { Message } from '@ensemble/core'
import type { Database, Delivered, Link, OutboxStore } from '@ensemble/runtime'
import { describe, expect, test } from 'vitest'
import { COPIES, tripled } from './copies.ts'
import { decoded, firsts, idsOf } from './delivered.ts'
import type { LinkWorld } from './link.ts'
import { drain, linked, NOTHING, send } from './linked.ts'
import type { Linked } from './linked.ts'
import { HOUR_MS, messages } from './samples.ts'
import { gate, sorted, until } from './world.ts'

export function shareScenes(world: () => LinkWorld): void {
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
      const [got, busy]: [Delivered[], Set<string>] = [[], new Set()]
      const handle = async (batch: readonly Delivered[]): Promise<readonly Message[]> => {
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
            const batch: Delivered[] = []
            const count = await link.receive(10, async (_, delivered) => {
              batch.splice(0, batch.length, ...delivered)
              return handle(delivered)
            })
            // What another instance had taken by then is rolled back, and nothing is received.
            if (count > 0) got.push(...batch)
          }),
        )
        return got.length >= sent.length * COPIES ? got : null
      })
      expect(sorted(idsOf(firsts(got)))).toEqual(sorted(sent.map(({ id }) => id)))
    })

    test('while one instance handles a partition, another is not kept waiting for it', async () => {
      const instances = [await linked(world(), 'order'), await linked(world(), 'order')] as const
      await send(instances[0].link, messages(3, { topic: world().topics[0], keyCount: 1 }))
      const [begun, end] = [gate(), gate()]
      const holders: Link[] = []
      const handled = instances.map(({ link }) =>
        until('the batch', async () => {
          if (holders.length > 0) return 0
          const count = await link.receive(COPIES, async () => {
            holders.push(link)
            begun.open()
            await end.passed
            return NOTHING
          })
          return count === 0 ? null : count
        }),
      )
      await Promise.race([begun.passed, Promise.all(handled)])
      // Which of them has the partition is up to the bus.
      const order = holders[0] === instances[0].link ? ([0, 1] as const) : ([1, 0] as const)
      const [busy, idle] = [instances[order[0]], instances[order[1]]]
      const found = [await handled[order[1]], await idle.link.receive(10, async () => NOTHING)]
      end.open()
      expect([...found, await handled[order[0]]]).toEqual([0, 0, COPIES])
      await busy.link.close()
      expect(await drain(idle.link, 2)).toHaveLength(2)
    })
  })
}

export function outboxScenes(world: () => LinkWorld): void {
  describe('relaying', () => {
    test('what a sender left that crashed after its commit is sent once, by any instance', async () => {
      const { link, database } = await linkedDueAtOnce(world())
      const sent = messages(2, { topic: world().topics[0], keyCount: 1 })
      await database.transaction((tx) =>
        database.stores.outbox.insert(tx, { id: 'left', messages: tripled(sent), claimAfterMs: 0 }),
      )
      expect(await link.relay()).toBe(1)
      expect(decoded(await drain(link, 2))).toEqual(sent)
      expect(await link.relay()).toBe(0)
    })

    test('what was sent is not left behind', async () => {
      const { link } = await linkedDueAtOnce(world())
      await send(link, messages(3, { topic: world().topics[0], keyCount: 3 }))
      expect(await link.relay()).toBe(0)
      await drain(link, 3)
    })
  })
}

/** For this link no row of the outbox is too young to be relayed: no scene waits. */
async function linkedDueAtOnce({ bus, database, topics }: LinkWorld): Promise<Linked> {
  const own = await database('order')
  const { outbox } = own.stores
  const claimAfterMs = -HOUR_MS
  const impatient: OutboxStore = {
    insert: (tx, row) => outbox.insert(tx, { ...row, claimAfterMs }),
    remove: (_, ids) => outbox.remove(own, ids),
    claim: (_, { countMax }) => outbox.claim(own, { countMax, claimAfterMs }),
  }
  const due: Database = {
    query: (statement, values) => own.query(statement, values),
    transaction: (work) => own.transaction(work),
    stores: { ...own.stores, outbox: impatient },
  }
  return { link: await bus.connect({ service: 'order', database: due, topics }), database: due }
}
