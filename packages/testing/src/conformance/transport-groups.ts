// Owns: the scenes about groups of subscribers: each group gets everything, members share it, come and go.
import type { Delivered } from '@ensemble/runtime'
import { describe, expect, test } from 'vitest'
import { COPIES } from './copies.ts'
import { byKey, decoded, firsts, idsOf, onceEach, placeOf } from './delivered.ts'
import { messages } from './samples.ts'
import { collect, drain, join, repeated, sendRound, share, taken } from './subscribed.ts'
import type { TransportWorld } from './transport.ts'
import { sorted, until } from './world.ts'

export function groupScenes(world: () => TransportWorld): void {
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
      const pair = [await join(world()), await join(world())]
      const [sent, got]: [string[], Delivered[]] = [[], []]
      const busy = new Set<number>()
      // Rounds of messages until both have held something at one time: a broker may take a while to share.
      await until('both subscribers to work', async () => {
        sent.push(...(await sendRound(world(), String(sent.length))))
        const held = await Promise.all(pair.map((one) => one.take(4 * COPIES)))
        const places = held.map((one) => new Set(one?.messages.map(({ partition }) => partition)))
        expect([...(places[0] ?? [])].filter((partition) => places[1]?.has(partition))).toEqual([])
        for (const [index, one] of held.entries()) {
          if (one === null) continue
          busy.add(index)
          got.push(...one.messages)
          await one.done()
        }
        return busy.size === pair.length ? true : null
      })
      await pair[1]?.close()
      if (pair[0] !== undefined) got.push(...(await collect(pair[0], sent.length * COPIES - got.length)))
      expect(sorted(idsOf(firsts(got)))).toEqual(sorted(sent))
    })

    test('one joins while another holds a batch: nothing is lost, and what was done stays done', async () => {
      const { transport, topics } = world()
      const sent = messages(24, { topic: topics[0], keyCount: 8 })
      await transport.send(sent.slice(0, 12))
      const first = await join(world())
      const done = await drain(first, 12)
      await transport.send(sent.slice(12))
      const held = await taken(first, 6)
      const second = await join(world())
      await held.done()
      const got = [...done, ...held.messages]
      await share([first, second], { got, ids: sent.slice(12).map(({ id }) => id) })
      await Promise.all([first.close(), second.close()])
      expect(timesOf(done, [...got, ...(await repeated(world()))])).toBe(1)
      expect(byKey(decoded(firsts(onceEach(got.slice(done.length)))))).toEqual(byKey(sent.slice(12)))
    })

    test('one leaves while both hold a batch: the other gets it, and what was done stays done', async () => {
      const [leaver, stayer] = [await join(world()), await join(world())]
      const [sent, got]: [string[], Delivered[]] = [[], []]
      const [ends, stays] = await until('both to hold something', async () => {
        sent.push(...(await sendRound(world(), String(sent.length))))
        const held = [await leaver.take(1), await stayer.take(1)] as const
        if (held[0] !== null && held[1] !== null) return [held[0], held[1]]
        for (const one of held) {
          got.push(...(one?.messages ?? []))
          await one?.done()
        }
        return null
      })
      got.push(...ends.messages, ...stays.messages)
      await ends.done()
      await until('one more to be held', () => leaver.take(1))
      await leaver.close()
      await stays.done()
      await share([stayer], { got, ids: sent })
      await stayer.close()
      expect(timesOf(ends.messages, [...got, ...(await repeated(world()))])).toBe(1)
      expect(sorted(idsOf(firsts(onceEach(got))))).toEqual(sorted(sent))
    })
  })
}

/** How often these came, at the most. */
function timesOf(these: readonly Delivered[], all: readonly Delivered[]): number {
  const places = all.map(placeOf)
  return Math.max(...these.map((one) => places.filter((place) => place === placeOf(one)).length))
}
