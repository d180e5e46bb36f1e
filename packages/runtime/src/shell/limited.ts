// Owns: how many batches the hosts of one process handle at one time. One database serves them all: more at once than
// it has use for are smaller ones, and each costs a commit and its round trips. Who waits gathers messages meanwhile.
// I1: in the order of their coming; a host that is alone never waits.
// I2: a batch that takes long (it waits for a lock, its database is away) gives its turn to whoever waits.
// I3: where batches are large anyway, one more is handled at a time: what it costs is small beside what is in it.
import { systemClock } from '../clock.ts'
import type { Bus, Clock, Link } from '../ports.ts'

export interface Limit {
  /** Batches of all links together; one more while they are large. */
  readonly batchesMax: number
  readonly clock?: Clock
}

/** How long a batch keeps its turn while others wait; most take some milliseconds. */
const TURN_MS_MAX = 1_000
const LOOK_MS = 250
/** Messages of a batch that is large, on the average of about the last so many. */
const LARGE_COUNT = 40
const AVERAGE_OF = 16

/** The same bus for several hosts of one process and one database, which take turns. Errors: RangeError. */
export function limited(bus: Bus, { batchesMax, clock = systemClock }: Limit): Bus {
  if (!Number.isInteger(batchesMax) || batchesMax < 1)
    throw new RangeError(`batchesMax: a whole number of 1 or more, got ${batchesMax}`)
  const turns = new Turns(batchesMax, clock)
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

interface Turn {
  readonly since: number
}

class Turns {
  readonly #batchesMax: number
  readonly #clock: Clock
  readonly #taken = new Set<Turn>()
  readonly #waiting: (() => void)[] = []
  /** Turns that are given, those that begin in this moment among them. */
  #givenCount = 0
  #meanCount = 0
  #isLooking = false

  constructor(batchesMax: number, clock: Clock) {
    this.#batchesMax = batchesMax
    this.#clock = clock
  }

  /** Answers what the batch does: its number of messages. */
  async take(batch: () => Promise<number>): Promise<number> {
    const given = new Promise<void>((resolve) => this.#waiting.push(resolve))
    this.#give()
    if (this.#waiting.length > 0 && !this.#isLooking) void this.#look()
    await given
    const turn: Turn = { since: this.#clock.now() }
    this.#taken.add(turn)
    try {
      const count = await batch()
      if (count > 0) this.#meanCount += (count - this.#meanCount) / AVERAGE_OF
      return count
    } finally {
      this.#giveBack(turn)
    }
  }

  #give(): void {
    const countMax = this.#batchesMax + (this.#meanCount >= LARGE_COUNT ? 1 : 0)
    while (this.#givenCount < countMax && this.#waiting.length > 0) {
      this.#givenCount += 1
      this.#waiting.shift()?.()
    }
  }

  /** Once for each turn: at its end, or before when it is too long. */
  #giveBack(turn: Turn): void {
    if (!this.#taken.delete(turn)) return
    this.#givenCount -= 1
    this.#give()
  }

  async #look(): Promise<void> {
    this.#isLooking = true
    const { signal } = new AbortController()
    while (this.#waiting.length > 0) {
      await this.#clock.sleep(LOOK_MS, signal)
      const since = this.#clock.now() - TURN_MS_MAX
      for (const turn of this.#taken) {
        if (turn.since <= since && this.#waiting.length > 0) this.#giveBack(turn)
      }
    }
    this.#isLooking = false
  }
}
