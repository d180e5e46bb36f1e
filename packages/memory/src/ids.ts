// Owns: ids and chance that repeat exactly for a seed. Not for production: they can be guessed.
import type { Ids } from '@ensemble/runtime'

/** Numbers in [0, 1): Chris Doty-Humphrey's sfc32, seeded through the finaliser of MurmurHash3. */
export function seededChance(seed: number): () => number {
  let state = seed | 0
  const word = (): number => {
    state = (state + 0x9e3779b9) | 0
    let mixed = Math.imul(state ^ (state >>> 16), 0x85ebca6b)
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
    return (mixed ^ (mixed >>> 16)) | 0
  }
  let [a, b, c, counter] = [word(), word(), word(), 1]
  return () => {
    const sum = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + sum
    return (sum >>> 0) / 0x1_0000_0000
  }
}

/** Ids in the form of a version 7 UUID whose time is a counter: unique, sortable, the same for the same seed. */
export function seededIds(seed: number): Ids {
  const chance = seededChance(seed)
  let count = 0
  const hex = (digits: number): string =>
    Math.floor(chance() * 16 ** digits)
      .toString(16)
      .padStart(digits, '0')
  return {
    next: () => {
      count += 1
      const at = count.toString(16).padStart(12, '0')
      return `${at.slice(0, 8)}-${at.slice(8)}-7${hex(3)}-8${hex(3)}-${hex(6)}${hex(6)}`
    },
    chance,
  }
}
