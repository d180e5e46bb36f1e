// Owns: the saga rows that this process has stored last, so that what it will most likely hear of next need not be read
// first. A row's version is checked where it is written (`SagaStore.update`), and here where it is not.
// I1: a row is handed out once: whatever fails, the next try reads from the database.
// I2: a row is remembered when its transaction has committed, for a while, and no longer than its saga runs.
// I3: what a batch leaves unchanged it must confirm: a message that is ignored for what a stale row says would be lost.
// I4: a state is kept as a copy in plain JSON: what is decided on it next is what the database would have given.
// I5: whoever has transactions of its own, one after the other, has a recollection of its own; the memory is shared.
import { plain, type SagaState } from '@ensemble/core'
import { EnsembleError } from '../errors.ts'
import { sagaKey } from '../letters.ts'
import type { Clock, SagaRow, SagaStore, Transaction } from '../ports.ts'
import { lengthOf } from '../shell/room.ts'

/** Running sagas of a busy orchestrator; what is forgotten is read again. */
const COUNT_MAX = 5_000
/** Characters of all their states, about. */
const LENGTH_MAX = 20_000_000
/** Longer than a step takes, shorter than anything that could bring an id back with another saga. */
const AGE_MS_MAX = 60_000
/** Transactions before it is believed that nobody else takes part any more. */
const CONTENDED_MAX = 50

interface Kept {
  readonly row: SagaRow
  readonly length: number
  readonly at: number
}

type SagaId = Pick<SagaRow, 'plan' | 'id'>

/** Of one host. */
export class SagaMemory {
  readonly #clock: Pick<Clock, 'now'>
  /** In the order of their changes. */
  readonly #kept = new Map<string, Kept>()
  #length = 0
  #contended = 0

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock
  }

  /** Asked once for each transaction, which is one less that must not believe what is here. */
  takeBelief(): boolean {
    if (this.#contended === 0) return true
    this.#contended -= 1
    return false
  }

  /** What was handed out may not have been so any more: another instance is at work. */
  contend(): void {
    this.#contended = CONTENDED_MAX
    this.#kept.clear()
    this.#length = 0
  }

  recall(ids: readonly SagaId[]): readonly SagaRow[] {
    const since = this.#clock.now() - AGE_MS_MAX
    return ids.flatMap((id) => {
      const kept = this.#take(id)
      return kept === undefined || kept.at < since ? [] : [kept.row]
    })
  }

  remember(rows: readonly SagaRow[]): void {
    if (this.#contended > 0) return
    const at = this.#clock.now()
    for (const row of rows) {
      this.#take(row)
      if (!isRunning(row.state)) continue
      const state = plain(row.state)
      const length = lengthOf(state)
      this.#kept.set(sagaKey(row), { row: { ...row, state, version: row.version + 1 }, length, at })
      this.#length += length
    }
    for (const { row } of this.#kept.values()) {
      if (this.#kept.size <= COUNT_MAX && this.#length <= LENGTH_MAX) break
      this.#take(row)
    }
  }

  #take(id: SagaId): Kept | undefined {
    const key = sagaKey(id)
    const kept = this.#kept.get(key)
    if (kept === undefined) return undefined
    this.#kept.delete(key)
    this.#length -= kept.length
    return kept
  }
}

/** The transaction under way. */
interface Current {
  readonly tx: Transaction
  readonly isBelieving: boolean
  /** What it was handed out. */
  readonly recalled: Set<SagaRow>
}

export class Recollection implements SagaStore {
  readonly #store: SagaStore
  readonly #memory: SagaMemory
  /** Until it commits. */
  #current: Current | null = null

  constructor(store: SagaStore, memory: SagaMemory) {
    this.#store = store
    this.#memory = memory
  }

  /** Those of these that are remembered: nothing is asked or locked. */
  recall(tx: Transaction, ids: readonly SagaId[]): readonly SagaRow[] {
    const { isBelieving, recalled } = this.#currentOf(tx)
    const rows = isBelieving ? this.#memory.recall(ids) : []
    for (const row of rows) recalled.add(row)
    return rows
  }

  async load(tx: Transaction, ids: readonly SagaId[]): Promise<readonly SagaRow[]> {
    const known = this.recall(tx, ids)
    if (known.length === ids.length) return known
    const keys = new Set(known.map(sagaKey))
    const unknown = ids.filter((id) => !keys.has(sagaKey(id)))
    return [...known, ...(await this.#store.load(tx, unknown))]
  }

  /** For rows that were loaded and are not updated. Errors: MOVED when one is not as it was handed out. */
  async confirm(tx: Transaction, rows: readonly SagaRow[]): Promise<void> {
    const { recalled } = this.#currentOf(tx)
    const believed = rows.filter((row) => recalled.has(row))
    if (believed.length === 0) return
    const read = await this.#store.load(tx, believed)
    const versions = new Map(read.map((row) => [sagaKey(row), row.version]))
    const moved = believed.find((row) => versions.get(sagaKey(row)) !== row.version)
    if (moved !== undefined) throw new EnsembleError('MOVED', `saga ${sagaKey(moved)} is not as it was`)
  }

  async insert(tx: Transaction, rows: readonly SagaRow[]): Promise<void> {
    tx.onCommit(() => this.#memory.remember(rows))
    await this.#store.insert(tx, rows)
  }

  async update(tx: Transaction, rows: readonly SagaRow[]): Promise<void> {
    tx.onCommit(() => this.#memory.remember(rows))
    await this.#store.update(tx, rows)
  }

  async prune(...what: Parameters<SagaStore['prune']>): Promise<number> {
    return await this.#store.prune(...what)
  }

  #currentOf(tx: Transaction): Current {
    const before = this.#current
    if (before?.tx === tx) return before
    // It did not commit.
    if (before !== null && before.recalled.size > 0) this.#memory.contend()
    const current = { tx, isBelieving: this.#memory.takeBelief(), recalled: new Set<SagaRow>() }
    this.#current = current
    tx.onCommit(() => {
      if (this.#current === current) this.#current = null
    })
    return current
  }
}

function isRunning(state: SagaState | null): boolean {
  return state !== null && state.phase.at !== 'completed' && state.phase.at !== 'compensated'
}
