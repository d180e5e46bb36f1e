// Owns: a bus that delivers each message several times and in another order, for tests of whole systems: what they
// leave behind must be the same as on a calm one. Does not lose messages; crashes are the simulator's.
import { plain } from '@ensemble/core'
import { seededChance } from '@ensemble/memory'
import type { Bus, Delivered, Link, Subscription, Transport } from '@ensemble/runtime'

export interface Trouble {
  /** How often each message is in the batch that delivers it. */
  readonly copies: number
  /** Seed of the order within each batch. */
  readonly shuffle: number
}

/** A batch may be `copies` times longer than was asked for; the answer of `receive` counts each message once. */
export function troubled(bus: Bus, trouble: Trouble): Bus
export function troubled(transport: Transport, trouble: Trouble): Transport
export function troubled(calm: Bus | Transport, trouble: Trouble): Bus | Transport {
  const chance = seededChance(trouble.shuffle)
  const stir = (messages: readonly Delivered[]): Delivered[] =>
    shuffled(Array.from({ length: trouble.copies }, () => plain(messages)).flat(), chance)
  return 'connect' in calm ? troubledBus(calm, stir) : troubledTransport(calm, stir)
}

type Stir = (messages: readonly Delivered[]) => Delivered[]

function troubledBus(bus: Bus, stir: Stir): Bus {
  const trouble = (link: Link): Link => ({
    transaction: (work) => link.transaction(work),
    receive: (countMax, handle) => link.receive(countMax, (tx, batch) => handle(tx, stir(batch))),
    put: (tx, messages) => link.put(tx, messages),
    relay: () => link.relay(),
    onNews: (news) => link.onNews(news),
    close: () => link.close(),
  })
  return { connect: async (what) => trouble(await bus.connect(what)) }
}

function troubledTransport(transport: Transport, stir: Stir): Transport {
  const trouble = (subscription: Subscription): Subscription => ({
    take: async (countMax) => {
      const delivery = await subscription.take(countMax)
      if (delivery === null) return null
      return {
        messages: stir(delivery.messages),
        done: () => delivery.done(),
        release: () => delivery.release(),
      }
    },
    onNews: (news) => subscription.onNews(news),
    close: () => subscription.close(),
  })
  return {
    send: (messages) => transport.send(messages),
    subscribe: async (what) => trouble(await transport.subscribe(what)),
    close: () => transport.close(),
  }
}

/** Fisher and Yates. */
function shuffled<T>(items: readonly T[], chance: () => number): T[] {
  const left = [...items]
  const taken: T[] = []
  while (left.length > 0) taken.push(...left.splice(Math.floor(chance() * left.length), 1))
  return taken
}
