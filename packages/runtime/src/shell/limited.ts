// Owns: how many batches the hosts of one process handle at one time. One database serves them all: more at once than
// it has use for are smaller ones, and each costs a commit and its round trips. Who waits gathers messages meanwhile.
// I1: in the order of their coming; a host that is alone never waits.
import type { Bus, Link } from '../ports.ts'

export interface Limit {
  /** Batches of all links together. */
  readonly batchesMax: number
}

/** The same bus for several hosts of one process, which take turns. Errors: RangeError. */
export function limited(bus: Bus, { batchesMax }: Limit): Bus {
  if (!Number.isInteger(batchesMax) || batchesMax < 1)
    throw new RangeError(`batchesMax: a whole number of 1 or more, got ${batchesMax}`)
  const turns = new Turns(batchesMax)
  return {
    connect: async (what) => {
      const link = await bus.connect(what)
      return {
        tellsAll: link.tellsAll ?? false,
        transaction: (work) => link.transaction(work),
        receive: (countMax, handle) => turns.take(() => link.receive(countMax, handle)),
        put: (tx, messages) => link.put(tx, messages),
        relay: () => link.relay(),
        onNews: (news) => link.onNews(news),
        close: () => link.close(),
      } satisfies Required<Link>
    },
  }
}

class Turns {
  #left: number
  readonly #waiting: (() => void)[] = []

  constructor(count: number) {
    this.#left = count
  }

  async take<T>(work: () => Promise<T>): Promise<T> {
    if (this.#left > 0) this.#left -= 1
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    try {
      return await work()
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#left += 1
      else next()
    }
  }
}
