// Owns: the picture of a batch in memory: what was loaded, what the batch has decided so far, and what must
// be written.
// A picture is made afresh for every pass, so a pass may be repeated after more rows were loaded.
// I1: a change becomes visible to later messages of the batch at once, and to nobody else before COMMIT.
// I2: nothing here awaits.
// I3: a decision that throws leaves nothing behind: what it had put here is taken back.
import type { Message, Outcome, Time } from '@ensemble/core'
import { EnsembleError } from '../errors.ts'
import type { AggregateGroup } from '../handlers.ts'
import type { DeadLetter, Entries, OperationRow, Rows } from '../ports.ts'

/** What the batch has read so far. A key that is present with `undefined` was looked for and is not there. */
export interface Loaded {
  readonly now: Time
  readonly horizon: Time
  readonly operations: Map<string, OperationRow>
  readonly rows: Map<Rows<unknown>, Map<string, unknown>>
  readonly claims: Map<string, string | null>
}

export interface Missing {
  readonly rows: Map<Rows<unknown>, Set<string>>
  readonly claims: Set<string>
}

export type LocalResult =
  | { readonly ok: true; readonly outcome: Outcome }
  | { readonly ok: false; readonly error: unknown }

export interface RowChange {
  readonly state: unknown
  /** There is no row yet. */
  readonly isNew: boolean
}

export interface RowChanges {
  readonly table: Rows<unknown>
  readonly changes: ReadonlyMap<string, RowChange>
}

export interface Claimed {
  readonly value: string
  /** Its owner in the database, and from now on. */
  readonly before: string | null
  readonly now: string | null
}

/** What is to be written. */
export interface Decided {
  rowChanges(): readonly RowChanges[]
  readonly entries: ReadonlyMap<Entries<unknown>, readonly unknown[]>
  claimChanges(): readonly Claimed[]
  operationChanges(): readonly OperationRow[]
  readonly scheduled: readonly { readonly dueAt: Time; readonly message: Message }[]
}

export class Picture implements Decided {
  readonly loaded: Loaded
  readonly missing: Missing = { rows: new Map(), claims: new Set() }
  readonly messages: Message[] = []
  readonly scheduled: { readonly dueAt: Time; readonly message: Message }[] = []
  readonly deadLetters: DeadLetter[] = []
  readonly entries = new Map<Entries<unknown>, unknown[]>()
  /** What a service's own calls are told, by operation. */
  readonly results = new Map<string, LocalResult>()
  readonly #operations = new Map<string, OperationRow>()
  readonly #rows = new Map<Rows<unknown>, Map<string, RowChange>>()
  readonly #claims = new Map<string, string | null>()
  /** Takes back, last first, what the decision under way has put here. */
  #takeBacks: (() => void)[] = []

  constructor(loaded: Loaded) {
    this.loaded = loaded
  }

  get now(): Time {
    return this.loaded.now
  }

  get incomplete(): boolean {
    return this.missing.rows.size > 0 || this.missing.claims.size > 0
  }

  /** Makes one decision, whole or not at all. */
  whole<T>(decision: () => T): T {
    const lists = [this.messages, this.scheduled, this.deadLetters].map((list) => ({
      list,
      size: list.length,
    }))
    this.#takeBacks = []
    try {
      return decision()
    } catch (error) {
      for (const takeBack of this.#takeBacks.toReversed()) takeBack()
      for (const { list, size } of lists) list.length = size
      throw error
    }
  }

  #set<Key, Value>(map: Map<Key, Value>, key: Key, value: Value): void {
    const had = map.has(key)
    const before = map.get(key)
    this.#takeBacks.push(() => void (had ? map.set(key, before as Value) : map.delete(key)))
    map.set(key, value)
  }

  operation(id: string): OperationRow | undefined {
    return this.#operations.get(id) ?? this.loaded.operations.get(id)
  }

  putOperation(row: OperationRow): void {
    this.#set(this.#operations, row.id, row)
  }

  /** Deferred operations of one keyed row, as this batch knows them now. */
  deferredOf(owner: string, key: string): readonly OperationRow[] {
    const found: OperationRow[] = []
    for (const loaded of this.loaded.operations.values()) {
      const row = this.#operations.get(loaded.id) ?? loaded
      if (row.status === 'deferred' && row.owner === owner && row.key === key) found.push(row)
    }
    for (const row of this.#operations.values()) {
      const isNew = !this.loaded.operations.has(row.id)
      if (isNew && row.status === 'deferred' && row.owner === owner && row.key === key) found.push(row)
    }
    return found
  }

  /** False when the row was not looked for yet; it is then noted as missing. */
  has(table: Rows<unknown>, key: string): boolean {
    if (this.#rows.get(table)?.has(key) === true || this.loaded.rows.get(table)?.has(key) === true)
      return true
    const keys = this.missing.rows.get(table) ?? new Set()
    this.missing.rows.set(table, keys.add(key))
    return false
  }

  row(table: Rows<unknown>, key: string): unknown {
    const change = this.#rows.get(table)?.get(key)
    return change === undefined ? this.loaded.rows.get(table)?.get(key) : change.state
  }

  putRow(table: Rows<unknown>, key: string, state: unknown): void {
    const changes = this.#rows.get(table) ?? new Map<string, RowChange>()
    this.#rows.set(table, changes)
    const isNew = this.loaded.rows.get(table)?.get(key) === undefined
    this.#set(changes, key, { state, isNew })
  }

  hasClaim(value: string): boolean {
    if (this.#claims.has(value) || this.loaded.claims.has(value)) return true
    this.missing.claims.add(value)
    return false
  }

  holder(value: string): string | null {
    return (
      this.#claims.get(value) ?? (this.#claims.has(value) ? null : (this.loaded.claims.get(value) ?? null))
    )
  }

  claim(value: string, owner: string): void {
    const holder = this.holder(value)
    if (holder !== null && holder !== owner)
      throw new EnsembleError('CLAIM_TAKEN', `'${value}' is claimed by '${holder}'`)
    this.#set(this.#claims, value, owner)
  }

  release(value: string): void {
    this.#set(this.#claims, value, null)
  }

  append(group: AggregateGroup, entries: readonly unknown[]): void {
    if (entries.length === 0) return
    if (group.entries === null)
      throw new EnsembleError('HOST_MISCONFIGURED', `aggregate '${group.name}' declares no entries`)
    this.#set(this.entries, group.entries, [...(this.entries.get(group.entries) ?? []), ...entries])
  }

  operationChanges(): readonly OperationRow[] {
    return [...this.#operations.values()]
  }

  rowChanges(): readonly RowChanges[] {
    return [...this.#rows].map(([table, changes]) => ({ table, changes }))
  }

  claimChanges(): readonly Claimed[] {
    return [...this.#claims].map(([value, now]) => ({
      value,
      before: this.loaded.claims.get(value) ?? null,
      now,
    }))
  }
}
