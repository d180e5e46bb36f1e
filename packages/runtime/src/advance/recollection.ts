// Owns: the saga rows that this process has stored last, so that what it will most likely hear of next need not be read
// first. A row's version is checked where it is written (`SagaStore.update`), and here where it is not.
// I1: a row is handed out once: whatever fails, the next try reads from the database.
// I2: a row is remembered when its transaction has committed, for a while, and no longer than its saga runs.
// I3: what a batch leaves unchanged it must confirm: a message that is ignored for what a stale row says would be lost.
// I4: a state is kept as a copy in plain JSON: what is decided on it next is what the database would have given.
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
/** Loads before it is believed that nobody else takes part any more. */
const CONTENDED_MAX = 50

interface Kept {
  readonly row: SagaRow
  readonly length: number
  readonly at: number
}

type SagaId = Pick<SagaRow, 'plan' | 'id'>

export class Recollection implements SagaStore {
  readonly #store: SagaStore
  readonly #clock: Pick<Clock, 'now'>
  /** In the order of their changes. */
  readonly #kept = new Map<string, Kept>()
  /** What the last load handed out. */
  #recalled: ReadonlySet<SagaRow> = new Set()
  #length = 0
  /** Rows were handed out and their transaction has not committed. */
  #isOut = false
  #contended = 0

  constructor(store: SagaStore, clock: Pick<Clock, 'now'>) {
    this.#store = store
    this.#clock = clock
  }

  /** For one batch after the other. */
  async load(tx: Transaction, ids: readonly SagaId[]): Promise<readonly SagaRow[]> {
    const known = this.#recall(ids)
    this.#recalled = new Set(known)
    this.#isOut = known.length > 0
    tx.onCommit(() => {
      this.#isOut = false
    })
    if (known.length === ids.length) return known
    const keys = new Set(known.map(sagaKey))
    const read = await this.#store.load(
      tx,
      ids.filter((id) => !keys.has(sagaKey(id))),
    )
    return [...known, ...read]
  }

  /** For rows that were loaded and are not updated. Errors: MOVED when one is not as it was handed out. */
  async confirm(tx: Transaction, rows: readonly SagaRow[]): Promise<void> {
    const recalled = rows.filter((row) => this.#recalled.has(row))
    if (recalled.length === 0) return
    const read = await this.#store.load(tx, recalled)
    const versions = new Map(read.map((row) => [sagaKey(row), row.version]))
    const moved = recalled.find((row) => versions.get(sagaKey(row)) !== row.version)
    if (moved !== undefined) throw new EnsembleError('MOVED', `saga ${sagaKey(moved)} is not as it was`)
  }

  async insert(tx: Transaction, rows: readonly SagaRow[]): Promise<void> {
    tx.onCommit(() => this.#remember(rows))
    await this.#store.insert(tx, rows)
  }

  async update(tx: Transaction, rows: readonly SagaRow[]): Promise<void> {
    tx.onCommit(() => this.#remember(rows))
    await this.#store.update(tx, rows)
  }

  async prune(...what: Parameters<SagaStore['prune']>): Promise<number> {
    return await this.#store.prune(...what)
  }

  /** A batch that failed may have believed what is not so any more: another instance is at work. */
  #recall(ids: readonly SagaId[]): readonly SagaRow[] {
    if (this.#isOut) {
      this.#contended = CONTENDED_MAX
      this.#kept.clear()
      this.#length = 0
    }
    if (this.#contended > 0) {
      this.#contended -= 1
      return []
    }
    const since = this.#clock.now() - AGE_MS_MAX
    return ids.flatMap((id) => {
      const kept = this.#take(id)
      return kept === undefined || kept.at < since ? [] : [kept.row]
    })
  }

  #take(id: SagaId): Kept | undefined {
    const key = sagaKey(id)
    const kept = this.#kept.get(key)
    if (kept === undefined) return undefined
    this.#kept.delete(key)
    this.#length -= kept.length
    return kept
  }

  #remember(rows: readonly SagaRow[]): void {
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
}

function isRunning(state: SagaState | null): boolean {
  return state !== null && state.phase.at !== 'completed' && state.phase.at !== 'compensated'
}
