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
  /** What was handed out from memory. */
  readonly #recalled = new WeakSet<SagaRow>()
  /** What a transaction has written, for its own next load. */
  readonly #written = new WeakMap<Transaction, Map<string, SagaRow>>()
  #length = 0
  /** To whom rows were handed out; it has not committed. */
  #out: Transaction | null = null
  #contended = 0

  constructor(store: SagaStore, clock: Pick<Clock, 'now'>) {
    this.#store = store
    this.#clock = clock
  }

  /** For one batch after the other; beside one, for transactions that ask for what they have written themselves. */
  async load(tx: Transaction, ids: readonly SagaId[]): Promise<readonly SagaRow[]> {
    const written = this.#written.get(tx)
    const own = written === undefined ? [] : ids.flatMap((id) => written.get(sagaKey(id)) ?? [])
    if (own.length === ids.length) return own
    const known = this.#recall(tx, without(ids, own))
    const rest = without(ids, [...own, ...known])
    const read = rest.length === 0 ? [] : await this.#store.load(tx, rest)
    return [...own, ...known, ...read]
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
    this.#write(tx, rows)
    await this.#store.insert(tx, rows)
  }

  async update(tx: Transaction, rows: readonly SagaRow[]): Promise<void> {
    this.#write(tx, rows)
    await this.#store.update(tx, rows)
  }

  async prune(...what: Parameters<SagaStore['prune']>): Promise<number> {
    return await this.#store.prune(...what)
  }

  /** A batch that failed may have believed what is not so any more: another instance is at work. */
  #recall(tx: Transaction, ids: readonly SagaId[]): readonly SagaRow[] {
    if (this.#out !== null && this.#out !== tx) {
      this.#out = null
      this.#contended = CONTENDED_MAX
      this.#kept.clear()
      this.#length = 0
    }
    if (this.#contended > 0) {
      this.#contended -= 1
      return []
    }
    const since = this.#clock.now() - AGE_MS_MAX
    const known = ids.flatMap((id) => {
      const kept = this.#take(id)
      return kept === undefined || kept.at < since ? [] : [kept.row]
    })
    if (known.length > 0) this.#handOut(tx, known)
    return known
  }

  #handOut(tx: Transaction, rows: readonly SagaRow[]): void {
    for (const row of rows) this.#recalled.add(row)
    this.#out = tx
    tx.onCommit(() => {
      if (this.#out === tx) this.#out = null
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

  #write(tx: Transaction, rows: readonly SagaRow[]): void {
    const known = this.#written.get(tx)
    const written = known ?? new Map<string, SagaRow>()
    for (const row of rows)
      written.set(sagaKey(row), { ...row, state: plain(row.state), version: row.version + 1 })
    if (known !== undefined) return
    this.#written.set(tx, written)
    tx.onCommit(() => this.#remember([...written.values()]))
  }

  #remember(rows: readonly SagaRow[]): void {
    if (this.#contended > 0) return
    const at = this.#clock.now()
    for (const row of rows) {
      this.#take(row)
      if (!isRunning(row.state)) continue
      const length = lengthOf(row.state)
      this.#kept.set(sagaKey(row), { row, length, at })
      this.#length += length
    }
    for (const { row } of this.#kept.values()) {
      if (this.#kept.size <= COUNT_MAX && this.#length <= LENGTH_MAX) break
      this.#take(row)
    }
  }
}

function without(ids: readonly SagaId[], rows: readonly SagaRow[]): readonly SagaId[] {
  if (rows.length === 0) return ids
  const keys = new Set(rows.map(sagaKey))
  return ids.filter((id) => !keys.has(sagaKey(id)))
}

function isRunning(state: SagaState | null): boolean {
  return state !== null && state.phase.at !== 'completed' && state.phase.at !== 'compensated'
}
