// Owns: the scenes about what is not finished as it should be: released, forgotten, refused, too late, and a bus that
// goes away in between.
import type { Delivered } from '@ensemble/runtime'
import { describe, expect, test } from 'vitest'
import { COPIES } from './copies.ts'
import { byKey, decoded, firsts, idsOf, onceEach } from './delivered.ts'
import { messages } from './samples.ts'
import { collect, drain, join, sendRound, share, taken } from './subscribed.ts'
import type { TransportWorld } from './transport.ts'
import { troubled } from './troubled.ts'
import { sorted, until } from './world.ts'

/** Rounds that are sent while the bus restarts, at the most. */
const ROUNDS_MAX = 200

export function troubleScenes(world: () => TransportWorld): void {
  unfinishedScenes(world)
  lateScenes(world)
  restartScenes(world)
}

/** `count` messages of one key are on the bus; answers their ids. */
async function given({ transport, topics }: TransportWorld, count: number): Promise<string[]> {
  const sent = messages(count, { topic: topics[0], keyCount: 1 })
  await transport.send(sent)
  return sent.map(({ id }) => id)
}

function unfinishedScenes(world: () => TransportWorld): void {
  describe('trouble', () => {
    test('released messages are delivered again, in order', async () => {
      const ids = await given(world(), 5)
      const subscription = await join(world())
      const first = await taken(subscription)
      await first.release()
      expect(idsOf(await drain(subscription, ids.length))).toEqual(ids)
    })

    test('held messages are not delivered a second time meanwhile', async () => {
      await given(world(), 3)
      const subscription = await join(world())
      const held = await taken(subscription, 1)
      expect(await subscription.take(100)).toBe(null)
      await held.done()
      expect(await drain(subscription, 2)).toHaveLength(2)
    })

    test('messages of one who crashed between take and done go to the next', async () => {
      const ids = await given(world(), 5)
      const crashed = await join(world())
      const finished = await taken(crashed, 2)
      await finished.done()
      await taken(crashed)
      await crashed.close()
      expect(idsOf(await drain(await join(world()), 3))).toEqual(ids.slice(2))
    })

    test('what nobody finishes comes whole and in order to each who comes', async () => {
      const ids = await given(world(), 5)
      for (const _ of ['first', 'second', 'third']) {
        const crashed = await join(world())
        const { messages: got } = await taken(crashed)
        expect(idsOf(firsts(got))).toEqual(ids)
        await crashed.close()
      }
      expect(idsOf(await drain(await join(world()), ids.length))).toEqual(ids)
    })

    test('a done that the bus refuses throws, and its messages come again to the same subscriber', async ({
      skip,
    }) => {
      const { refusePositions } = world()
      if (refusePositions === undefined) return skip('the bus never refuses')
      const ids = await given(world(), 5)
      const subscription = await join(world())
      const finished = await taken(subscription, 1)
      await finished.done()
      const missed = await taken(subscription, 2)
      refusePositions(true)
      await expect(missed.done()).rejects.toThrow(/./)
      refusePositions(false)
      expect(idsOf(await drain(subscription, 4))).toEqual(ids.slice(1))
    })

    test('a restarted group goes on where it was', async () => {
      const { transport, topics } = world()
      const sent = messages(4, { topic: topics[0], keyCount: 1 })
      await transport.send(sent.slice(0, 2))
      const before = await join(world())
      await drain(before, 2)
      await before.close()
      await transport.send(sent.slice(2))
      expect(idsOf(await drain(await join(world()), 2))).toEqual(sent.slice(2).map(({ id }) => id))
    })

    test('each copy delivered three times and shuffled leaves the same set of ids', async () => {
      const { transport, topics } = world()
      const sent = messages(20, { topic: topics[0], keyCount: 4 })
      await transport.send(sent)
      const stormy = troubled(transport, { copies: 3, shuffle: 7 })
      const subscription = await stormy.subscribe({ group: 'g', topics })
      const got = await collect(subscription, sent.length * COPIES * 3)
      const places = onceEach(got)
      expect([got.length, places.length]).toEqual([sent.length * COPIES * 3, sent.length * COPIES])
      expect(sorted(idsOf(places))).toEqual(sorted(sent.flatMap(({ id }) => [id, id, id])))
    })
  })
}

const HOW_SESSIONS_END = [
  { when: 'a batch for longer than its session', end: 'expire' },
  { when: 'a batch over a restart of the bus', end: 'restart' },
] as const

function lateScenes(world: () => TransportWorld): void {
  describe('done that comes late', () => {
    test('after somebody else went on it is harmless', async () => {
      const { transport, topics } = world()
      const sent = messages(4, { topic: topics[0], keyCount: 1 })
      await transport.send(sent.slice(0, 3))
      const slow = await join(world())
      const late = await taken(slow, 2)
      await slow.close()
      const next = await join(world())
      const got = await drain(next, 3)
      await late.done()
      await transport.send(sent.slice(3))
      got.push(...(await drain(next, 1)))
      expect(idsOf(got)).toEqual(sent.map(({ id }) => id))
    })

    test.for(HOW_SESSIONS_END)('of one who held $when skips nothing', async ({ end }, { skip }) => {
      const endSessions = world()[end]
      if (endSessions === undefined) return skip(`the bus offers no ${end}`)
      const ids = await given(world(), 6)
      const slow = await join(world())
      const late = await taken(slow, 4)
      await endSessions()
      // Not heard, or moved by nobody since: both are right.
      await late.done().catch(() => undefined)
      const got: Delivered[] = []
      await share([slow, await join(world())], { got, ids: ids.slice(4) })
      const came = idsOf(firsts(onceEach(got)))
      expect([ids, ids.slice(4)]).toContainEqual(came)
    })

    test.for(HOW_SESSIONS_END)(
      'of one who held $when, while another has begun it anew, skips nothing',
      async ({ end }, { skip }) => {
        const endSessions = world()[end]
        if (endSessions === undefined) return skip(`the bus offers no ${end}`)
        const ids = await given(world(), 6)
        const slow = await join(world())
        const late = await taken(slow, 4)
        await endSessions()
        const next = await join(world())
        const anew = await until('it to come again', async () => {
          return (await next.take(2 * COPIES)) ?? (await slow.take(2 * COPIES))
        })
        await anew.done()
        await late.done()
        const got = [...anew.messages]
        await share([next, slow], { got, ids })
        expect(idsOf(firsts(onceEach(got)))).toEqual(ids)
      },
    )
  })
}

function restartScenes(world: () => TransportWorld): void {
  describe('a restart of the bus', () => {
    test('loses nothing that was sent, forgets nothing that was done; sender and reader go on', async ({
      skip,
    }) => {
      const { transport, topics, restart } = world()
      if (restart === undefined) return skip('the bus offers no restart')
      const sent = messages(9, { topic: topics[0], keyCount: 1 })
      await transport.send(sent.slice(0, 6))
      const subscription = await join(world())
      const before = await taken(subscription, 2)
      await before.done()
      await restart()
      await until('the sender to go on', () => transport.send(sent.slice(6)).then(() => true))
      const [got, ids]: [Delivered[], string[]] = [[], sent.slice(2).map(({ id }) => id)]
      await share([subscription], { got, ids })
      expect([...new Set(idsOf(got))]).toEqual(ids)
    })

    test('in the middle of sending loses nothing of a sender that tries until it is told, nor its order', async ({
      skip,
    }) => {
      const { restart } = world()
      if (restart === undefined) return skip('the bus offers no restart')
      const sent: string[] = []
      let isOver = false
      const sending = async (): Promise<void> => {
        for (let round = 0; round < ROUNDS_MAX && !isOver; round += 1) {
          sent.push(...(await until('the bus to take it', () => sendRound(world(), `round ${round}`))))
        }
      }
      const sender = sending()
      await restart()
      isOver = true
      await sender
      const got: Delivered[] = []
      await share([await join(world())], { got, ids: sent })
      const came = [...new Map(decoded(got).map((one) => [one.id, one])).values()]
      expect(came).toHaveLength(sent.length)
      for (const ids of Object.values(byKey(came))) expect(ids).toEqual(sent.filter((id) => ids.includes(id)))
    })
  })
}
