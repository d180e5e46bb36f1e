// Owns: chance that a seed reproduces. Pure but for its own state.
// I1: every part of a run draws from a source of its own name, so that timing never shifts what another part draws.

export interface Chance {
  /** From `min` up to and including `max`. */
  int(min: number, max: number): number
  pick<T>(from: readonly [T, ...T[]]): T
  /** A name, by weight. */
  weighted<Name extends string>(weights: Readonly<Record<Name, number>>): Name
  shuffled<T>(from: readonly T[]): T[]
}

const FNV_OFFSET = 0x811c9dc5
const FNV_PRIME = 0x01000193

export function chanceOf(seed: number, name: string): Chance {
  let state = hashed(`${seed} ${name}`)
  // mulberry32, by Tommy Ettinger: 32 bits of state are plenty for a few draws per name.
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const int = (min: number, max: number): number => min + Math.floor(next() * (max - min + 1))
  return {
    int,
    pick: (from) => from[int(0, from.length - 1)] ?? from[0],
    weighted: (weights) => weightedBy(weights, next),
    shuffled: (from) => {
      const rest = [...from]
      return from.flatMap(() => rest.splice(int(0, rest.length - 1), 1))
    },
  }
}

function weightedBy<Name extends string>(weights: Readonly<Record<Name, number>>, next: () => number): Name {
  let total = 0
  for (const name in weights) total += weights[name]
  let left = next() * total
  let last: Name | undefined
  for (const name in weights) {
    last = name
    left -= weights[name]
    if (left < 0) break
  }
  if (last === undefined) throw new RangeError('nothing to choose from')
  return last
}

function hashed(text: string): number {
  let hash = FNV_OFFSET
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), FNV_PRIME)
  return hash
}
