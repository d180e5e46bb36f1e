// Owns: that the suites send every batch with each message three times, and telling copies from messages.
// I1: a scene is given a bus that triples whatever it is handed, so no scene can send a batch that is not tripled.
// I2: copies are equal, side by side, and in the places of their own message: one too few, one too many, one that
// differs or one behind another message of its key is a failure. What else the bus does wrong shows as on a calm day.
import type { Message } from '@ensemble/core'
import type { Bus, Link, Transport } from '@ensemble/runtime'

/** How often each message of a batch is in it. */
export const COPIES = 3

export function tripled<T>(items: readonly T[]): T[] {
  return items.flatMap((item) => Array.from({ length: COPIES }, () => item))
}

export function tripledTransport(transport: Transport): Transport {
  return {
    send: (messages) => transport.send(tripled(messages)),
    subscribe: (what) => transport.subscribe(what),
    close: () => transport.close(),
  }
}

export function tripledBus(bus: Bus): Bus {
  const sending = (link: Link): Link => ({
    transaction: (work) =>
      link.transaction(async (tx) => {
        const { value, messages } = await work(tx)
        return { value, messages: tripled(messages) }
      }),
    receive: (countMax, handle) =>
      link.receive(countMax, async (tx, batch) => tripled(await handle(tx, batch))),
    put: (tx, messages) => link.put(tx, tripled(messages)),
    relay: () => link.relay(),
    onNews: (news) => link.onNews(news),
    close: () => link.close(),
  })
  return { connect: async (what) => sending(await bus.connect(what)) }
}

/** A text that is put on the bus as it is; where it comes from, it comes three times too. */
export function tripledRaw<What>(raw: (what: What) => Promise<void>): (what: What) => Promise<void> {
  return async (what) => {
    for (const copy of tripled([what])) await raw(copy)
  }
}

/** Of what the database gave back in one piece. */
export function firstMessages(messages: readonly Message[]): Message[] {
  return firstCopies(messages, (message) => ({ lane: message.topic, value: JSON.stringify(message) }))
}

interface Run {
  readonly value: string
  count: number
}

/** One of each three, in order; `lane` is that within which order and neighbourhood are promised. */
export function firstCopies<T>(
  items: readonly T[],
  of: (item: T) => { readonly lane: string; readonly value: string },
): T[] {
  const runs = new Map<string, Run>()
  const firsts: T[] = []
  for (const item of items) {
    const { lane, value } = of(item)
    const run = runs.get(lane)
    if (run === undefined || run.count === COPIES) {
      runs.set(lane, { value, count: 1 })
      firsts.push(item)
    } else if (run.value === value) run.count += 1
    else throw incomplete(run)
  }
  for (const run of runs.values()) if (run.count < COPIES) throw incomplete(run)
  return firsts
}

function incomplete({ value, count }: Run): Error {
  return new Error(`${count} of ${COPIES} copies of ${value}`)
}
