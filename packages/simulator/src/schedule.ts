// Owns: virtual time: one queue of events ordered by time, and by chance among those of one time.
// I1: nothing happens but by an event of this queue; what follows from an event without waiting (all its promises) is
// done before the next one.
// I2: the same seed gives the same order.
import type { Time } from '@ensemble/core'
import type { Chance } from './chance.ts'
import { HASH_START, hexOf, mixed } from './hash.ts'

interface Event {
  readonly at: Time
  readonly tie: number
  readonly act: () => void
}

/** A turn of the event loop costs as much as a short event; in one, Node.js tells of rejections that nobody handles. */
const EVENTS_PER_TURN = 64
const TIE_SCALE = 2 ** 32

export class Schedule {
  readonly #chance: Chance
  readonly #heap: Event[] = []
  #now: Time
  #count = 0
  #hash = HASH_START

  constructor(start: Time, chance: Chance) {
    this.#now = start
    this.#chance = chance
  }

  get now(): Time {
    return this.#now
  }

  /** Events that have happened. */
  get count(): number {
    return this.#count
  }

  /** Of the times and ties of all events that have happened, in their order: eight hex digits. */
  get hash(): string {
    return hexOf(this.#hash)
  }

  /** `delayMs` from now; 0 is after what is going on, before time moves. */
  after(delayMs: number, act: () => void): void {
    push(this.#heap, { at: this.#now + Math.max(0, delayMs), tie: this.#chance.next(), act })
  }

  /** Lets events happen until `until`, or until `isOver` says so between two of them. */
  async run(until: Time, isOver: () => boolean = () => false): Promise<void> {
    // From here on this runs in promises, see below.
    await turn()
    while (!isOver()) {
      const first = this.#heap[0]
      if (first === undefined || first.at > until) {
        this.#now = Math.max(this.#now, until)
        return
      }
      pop(this.#heap)
      this.#now = first.at
      this.#count += 1
      this.#hash = mixed(mixed(this.#hash, first.at), Math.floor(first.tie * TIE_SCALE))
      first.act()
      await (this.#count % EVENTS_PER_TURN === 0 ? turn() : promisesSettled())
    }
  }
}

/** Out of a promise, a tick comes only when no promise has anything left to do. */
function promisesSettled(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve))
}

function turn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve))
}

function isBefore(a: Event, b: Event): boolean {
  return a.at === b.at ? a.tie < b.tie : a.at < b.at
}

function push(heap: Event[], event: Event): void {
  let index = heap.length
  heap.push(event)
  while (index > 0) {
    const above = (index - 1) >> 1
    const parent = heap[above]
    if (parent === undefined || !isBefore(event, parent)) break
    heap[index] = parent
    index = above
  }
  heap[index] = event
}

function pop(heap: Event[]): void {
  const last = heap.pop()
  if (last === undefined || heap.length === 0) return
  let index = 0
  for (;;) {
    const left = 2 * index + 1
    const right = left + 1
    const a = heap[left]
    const b = heap[right]
    const child = b !== undefined && a !== undefined && isBefore(b, a) ? b : a
    if (child === undefined || !isBefore(child, last)) break
    heap[index] = child
    index = child === a ? left : right
  }
  heap[index] = last
}
