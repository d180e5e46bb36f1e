// Owns: what the scenes of transports do with subscriptions. They count messages; each is on the bus three times.
import type { Delivered, Delivery, Subscription } from '@ensemble/runtime'
import { expect } from 'vitest'
import { COPIES } from './copies.ts'
import { firsts, idsOf, isWhole } from './delivered.ts'
import { messages } from './samples.ts'
import type { TransportWorld } from './transport.ts'
import { until } from './world.ts'

const GROUP = 'g'
const COUNT_MAX = 100
/** Enough for every partition to get some. */
const ROUND_COUNT = 16

/** A member of the scene's group. */
export function join({ transport, topics }: TransportWorld): Promise<Subscription> {
  return transport.subscribe({ group: GROUP, topics })
}

export function taken(subscription: Subscription, countMax = COUNT_MAX): Promise<Delivery> {
  return until('a delivery', () => subscription.take(countMax * COPIES))
}

/** Takes and finishes until `copyCount` copies came. */
export async function collect(subscription: Subscription, copyCount: number): Promise<Delivered[]> {
  const all: Delivered[] = []
  while (all.length < copyCount) {
    const delivery = await taken(subscription)
    all.push(...delivery.messages)
    await delivery.done()
  }
  return all
}

/** Takes and finishes: these many messages are left, and no more. */
export async function drain(subscription: Subscription, count: number): Promise<Delivered[]> {
  const all = await collect(subscription, count * COPIES)
  expect(await subscription.take(COUNT_MAX)).toBe(null)
  return firsts(all)
}

/**
 * All of these take and finish until `got` has every copy of `ids`. For times of unrest: what fails is tried again, and
 * something may come again.
 */
export async function share(
  subscriptions: readonly Subscription[],
  { got, ids }: { readonly got: Delivered[]; readonly ids: readonly string[] },
): Promise<void> {
  await until('every copy', async () => {
    for (const subscription of subscriptions) {
      const delivery = await subscription.take(COUNT_MAX)
      got.push(...(delivery?.messages ?? []))
      await delivery?.done()
    }
    return isWhole(got, ids) ? true : null
  })
}

/** Messages for all partitions, and their ids; `name` tells rounds apart. */
export async function sendRound({ transport, topics }: TransportWorld, name: string): Promise<string[]> {
  const sent = messages(ROUND_COUNT, { topic: topics[0], keyCount: ROUND_COUNT }).map((one) => ({
    ...one,
    id: `${name}/${one.id}`,
  }))
  await transport.send(sent)
  return sent.map(({ id }) => id)
}

/**
 * What comes again to a newcomer of the group when all others have left: perhaps what was finished in the middle of
 * unrest. When the newcomer has finished it, nothing comes to the next.
 */
export async function repeated(world: TransportWorld): Promise<Delivered[]> {
  const [first, second] = [await toNewcomer(world, 'first'), await toNewcomer(world, 'second')]
  expect(idsOf(second)).toEqual([])
  return first
}

/** What comes to it beside, which is before, messages that are sent now. */
async function toNewcomer(world: TransportWorld, name: string): Promise<Delivered[]> {
  const newcomer = await join(world)
  const got: Delivered[] = []
  const ids = await sendRound(world, `newcomer ${name}`)
  await share([newcomer], { got, ids })
  await newcomer.close()
  return got.filter((one) => !one.ok || !ids.includes(one.message.id))
}
