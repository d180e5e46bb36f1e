// Owns: all chance of a run, as separate streams of one seed.
// I1: a stream depends on the seed and its name only: drawing more from one leaves the others as they were, so a
// scenario keeps its callers when its faults are taken away.
import { seededChance } from '@ensemble/memory'

export class Chance {
  readonly #next: () => number
  readonly #seed: number

  constructor(seed: number) {
    this.#seed = seed
    this.#next = seededChance(seed)
  }

  /** A stream of its own. */
  stream(name: string): Chance {
    return new Chance(mixed(this.#seed, name))
  }

  /** In [0, 1). */
  next(): number {
    return this.#next()
  }

  /** An integer from `min` to `max`, both included. */
  int(min: number, max: number): number {
    return min + Math.floor(this.#next() * (max - min + 1))
  }

  /** True in `share` of all draws. */
  hit(share: number): boolean {
    return share > 0 && this.#next() < share
  }

  pick<T>(items: readonly [T, ...T[]]): T {
    return items[this.int(0, items.length - 1)] ?? items[0]
  }

  /** Small numbers more often than large ones: most delays are short, a few are long. */
  skewed(min: number, max: number): number {
    return min + Math.floor((max - min + 1) * this.#next() ** 3)
  }

  shuffled<T>(items: readonly T[]): T[] {
    const left = [...items]
    const taken: T[] = []
    while (left.length > 0) taken.push(...left.splice(this.int(0, left.length - 1), 1))
    return taken
  }
}

/** FNV-1a over the name, begun with the seed. */
export function mixed(seed: number, name: string): number {
  let value = (0x811c9dc5 ^ seed) >>> 0
  for (let index = 0; index < name.length; index += 1)
    value = Math.imul(value ^ name.charCodeAt(index), 0x01000193)
  return value >>> 0
}
