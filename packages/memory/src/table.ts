// Owns: one table: its committed rows and, for each layer of an open transaction, the changes that are not committed.
// I1: rows are plain JSON, copied on their way in and out; nothing is shared with a caller.
// I2: a change becomes visible to others by `apply` only.
import { plain } from '@ensemble/core'

/** The changes since the transaction or a savepoint began. */
export class Layer {
  readonly touched = new Set<Table>()
}

export class Table {
  readonly #rows = new Map<string, object>()
  readonly #changes = new Map<Layer, Map<string, object | null>>()

  find(layers: readonly Layer[], key: string): object | undefined {
    for (const layer of layers.toReversed()) {
      const change = this.#changes.get(layer)?.get(key)
      if (change !== undefined) return change === null ? undefined : plain(change)
    }
    return plain(this.#rows.get(key))
  }

  pick(layers: readonly Layer[], keep: (row: object) => boolean): object[] {
    const changed = new Map(layers.flatMap((layer) => [...(this.#changes.get(layer) ?? [])]))
    const found: object[] = []
    for (const [key, row] of this.#rows) if (!changed.has(key) && keep(row)) found.push(plain(row))
    for (const row of changed.values()) if (row !== null && keep(row)) found.push(plain(row))
    return found
  }

  /** A null row is a deleted one. */
  write(layer: Layer, key: string, row: object | null): void {
    this.#changesOf(layer).set(key, plain(row))
  }

  merge(from: Layer, into: Layer): void {
    const target = this.#changesOf(into)
    for (const [key, row] of this.#changesOf(from)) target.set(key, row)
    this.drop(from)
  }

  drop(layer: Layer): void {
    this.#changes.delete(layer)
  }

  apply(layer: Layer): void {
    for (const [key, row] of this.#changesOf(layer)) {
      if (row === null) this.#rows.delete(key)
      else this.#rows.set(key, row)
    }
    this.drop(layer)
  }

  #changesOf(layer: Layer): Map<string, object | null> {
    layer.touched.add(this)
    const known = this.#changes.get(layer)
    if (known !== undefined) return known
    const fresh = new Map<string, object | null>()
    this.#changes.set(layer, fresh)
    return fresh
  }
}
