// Owns: what SERIALIZABLE refuses, and what is remembered for it of transactions that have committed.
// I1: a commit is refused when it could complete a chain of three (or two) transactions in which each has read what the
// next one wrote meanwhile, and the last was the first to commit: without such a chain there is a serial order (Cahill,
// Röhm and Fekete, 2008).
// I2: what a search reads is its condition: a row that would have been found counts as read although it was not there.
import { raised } from './errors.ts'
import type { Table } from './table.ts'

type Condition = (row: object) => boolean

export interface Write {
  readonly table: Table
  readonly key: string
  /** The row before and after, where there is one. */
  readonly rows: readonly object[]
}

export class Reads {
  readonly #keys = new Map<Table, Set<string>>()
  readonly #conditions = new Map<Table, Condition[]>()

  key(table: Table, key: string): void {
    const keys = this.#keys.get(table) ?? new Set<string>()
    this.#keys.set(table, keys.add(key))
  }

  /** The condition may come to be true of more rows while the search goes on. */
  search(table: Table, condition: Condition): void {
    const conditions = this.#conditions.get(table) ?? []
    conditions.push(condition)
    this.#conditions.set(table, conditions)
  }

  /** Of a transaction that can only be rolled back. */
  forget(): void {
    this.#keys.clear()
    this.#conditions.clear()
  }

  meet(writes: readonly Write[]): boolean {
    return writes.some(
      ({ table, key, rows }) =>
        this.#keys.get(table)?.has(key) === true ||
        this.#conditions.get(table)?.some((condition) => rows.some(condition)) === true,
    )
  }
}

export interface Reader {
  /** Commits before it began. */
  readonly begunAt: number
  readonly reads: Reads
}

interface Doing {
  readonly writes: readonly Write[]
  /** The others that have not ended. */
  readonly open: readonly Reader[]
}

interface Footprint extends Reader {
  readonly commit: number
  readonly writes: readonly Write[]
  /** The first commit of a transaction that wrote what this one had read. */
  readonly firstOut: number
}

export class Footprints {
  #committed: readonly Footprint[] = []

  /** Errors: SERIALIZATION, if this is a write too many. Answers the first commit that wrote what `tx` has read. */
  check(tx: Reader, { writes, open }: Doing): number {
    const concurrent = this.#committed.filter((other) => other.commit > tx.begunAt)
    const outs = concurrent.filter((other) => tx.reads.meet(other.writes))
    const firstOut = Math.min(...outs.map((other) => other.commit))
    const later = concurrent.filter((other) => other.commit >= firstOut)
    const isMiddle = firstOut < Infinity && [...later, ...open].some(({ reads }) => reads.meet(writes))
    const isFirst = outs.some((middle) => middle.firstOut < middle.commit)
    if (isMiddle || isFirst) throw raised('SERIALIZATION', 'read and write dependencies among transactions')
    return firstOut
  }

  /** Errors: SERIALIZATION. */
  commit(tx: Reader, commit: number, { writes, open }: Doing): void {
    const firstOut = this.check(tx, { writes, open })
    const oldest = Math.min(...open.map(({ begunAt }) => begunAt))
    this.#committed = [
      ...this.#committed,
      { begunAt: tx.begunAt, reads: tx.reads, commit, writes, firstOut },
    ].filter((footprint) => footprint.commit > oldest)
  }
}
