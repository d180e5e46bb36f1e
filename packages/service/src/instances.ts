// Owns: which instance of a service is asked: the one that has least to answer, in turn among equals.
// I1: one that does not answer gets no more calls while others do, because what it was asked stays open.
// I2: one that failed rests, but is asked when no other is left: nothing is refused unasked.
// I3: who is told of none keeps those it knew: calls to what is gone fail as fast.
import type { Time } from '@ensemble/core'
import type { Clock } from '@ensemble/runtime'

interface Instance {
  readonly url: string
  /** Calls without an answer yet. */
  openCount: number
  /** Counts up over all instances; 0 before the first call. */
  lastCall: number
  restsUntil: Time
}

/** As long as a process takes to start. */
const REST_MS = 2_000

function fresh(url: string): Instance {
  return { url, openCount: 0, lastCall: 0, restsUntil: 0 }
}

export class Instances {
  #all: readonly Instance[]
  readonly #clock: Pick<Clock, 'now'>
  #calls = 0

  constructor(urls: readonly string[], clock: Pick<Clock, 'now'>) {
    this.#all = urls.map(fresh)
    this.#clock = clock
  }

  /** The instances there are now; what is known of those that stay is kept. */
  replace(urls: readonly string[]): void {
    if (urls.length === 0) return
    const known = new Map(this.#all.map((instance) => [instance.url, instance]))
    this.#all = urls.map((url) => known.get(url) ?? fresh(url))
  }

  /** All of them, the one to ask first. */
  inOrder(): readonly Instance[] {
    const now = this.#clock.now()
    const rests = ({ restsUntil }: Instance): number => (restsUntil > now ? 1 : 0)
    return this.#all.toSorted(
      (left, right) =>
        rests(left) - rests(right) || left.openCount - right.openCount || left.lastCall - right.lastCall,
    )
  }

  async ask<T>(instance: Instance, call: (url: string) => Promise<T>): Promise<T> {
    this.#calls += 1
    instance.lastCall = this.#calls
    instance.openCount += 1
    try {
      const answer = await call(instance.url)
      instance.restsUntil = 0
      return answer
    } catch (error) {
      instance.restsUntil = this.#clock.now() + REST_MS
      throw error
    } finally {
      instance.openCount -= 1
    }
  }
}
