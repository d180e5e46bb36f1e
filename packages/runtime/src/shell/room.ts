// Owns: the room in one batch: how many items it takes, and how long they may be together. Pure.
// I1: a batch takes at least one item, however long it is.

/**
 * Characters of text that are handled in one transaction, besides the bound on their count; in a database, bytes of
 * UTF-8. Of usual messages a full batch has less. A hundred thousand characters cost about as much as two hundred
 * messages, and a server ends a transaction that is silent for five seconds.
 */
export const BATCH_LENGTH_MAX = 1_000_000

export class Room {
  #countLeft: number
  #lengthLeft = BATCH_LENGTH_MAX
  #isEmpty = true

  constructor(countMax: number) {
    this.#countLeft = countMax
  }

  /** Takes one item of this length, or several that stay together; false when there is no room for them. */
  takes(length: number, count = 1): boolean {
    if (count > this.#countLeft || (length > this.#lengthLeft && !this.#isEmpty)) return false
    this.#countLeft -= count
    this.#lengthLeft -= length
    this.#isEmpty = false
    return true
  }

  /** Takes these from the first on, until there is no room for one; answers how many. */
  takeFrom(items: Iterable<{ readonly length: number }>): number {
    let count = 0
    for (const { length } of items) {
      if (!this.takes(length)) break
      count += 1
    }
    return count
  }
}

/** These in order, in as many batches as their length asks for. */
export function batched<Item>(
  items: readonly Item[],
  length: (item: Item) => number,
): readonly (readonly Item[])[] {
  const lengths = items.map((item) => ({ length: length(item) }))
  const batches: (readonly Item[])[] = []
  for (let from = 0; from < items.length;) {
    const to = from + new Room(items.length).takeFrom(lengths.slice(from))
    batches.push(items.slice(from, to))
    from = to
  }
  return batches
}

const SCALAR_LENGTH = 8

/** About the characters of a value that is no text yet. */
export function lengthOf(value: unknown): number {
  if (typeof value === 'string') return value.length
  if (typeof value !== 'object' || value === null) return SCALAR_LENGTH
  return Object.entries(value).reduce<number>(
    (length, [name, part]) => length + name.length + lengthOf(part),
    SCALAR_LENGTH,
  )
}
