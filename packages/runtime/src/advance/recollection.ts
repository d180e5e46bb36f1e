// Owns: the saga rows that this process has stored last, so that what it will most likely hear of next need not be read
// first. A row's version is checked where it is written (`SagaStore.update`), and here where it is not.
// I1: a row is handed out once: whatever fails, the next try reads from the database.
// I2: a row is remembered when its transaction has committed, and no longer than its saga runs.
// I3: what a batch leaves unchanged it must confirm: a message that is ignored for what a stale row says would be lost.
import { EnsembleError } from '../errors.ts'
import { sagaKey } from '../letters.ts'
import type { SagaRow, SagaStore, Transaction } from '../ports.ts'

/** Running sagas of a busy orchestrator; what is forgotten is read again. */
const COUNT_MAX = 5_000
/** Characters of all their states, about. */
const WEIGHT_MAX = 20_000_000

interface Kept {
  readonly row: SagaRow
  readonly weight: number
}

export class Recollection implements SagaStore {
  readonly #store: SagaStore
  /** In the order of their changes. */
  readonly #kept = new Map<string, Kept>()
  readonly #recalled = new WeakSet<SagaRow>()
  #weight = 0

  constructor(store: SagaStore) {
    this.#store = store
  }

  async load(
    tx: Transaction,
    ids: readonly { readonly plan: string; readonly id: string }[],
  ): Promise<readonly SagaRow[]> {
    const known = ids.flatMap((id) => this.#take(id) ?? [])
    for (const row of known) this.#recalled.add(row)
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

  #take(id: { readonly plan: string; readonly id: string }): SagaRow | undefined {
    const key = sagaKey(id)
    const kept = this.#kept.get(key)
    if (kept === undefined) return undefined
    this.#kept.delete(key)
    this.#weight -= kept.weight
    return kept.row
  }

  #remember(rows: readonly SagaRow[]): void {
    for (const row of rows) {
      this.#take(row)
      if (!isRunning(row)) continue
      const weight = weightOf(row.state)
      this.#kept.set(sagaKey(row), { row: { ...row, version: row.version + 1 }, weight })
      this.#weight += weight
    }
    for (const { row } of this.#kept.values()) {
      if (this.#kept.size <= COUNT_MAX && this.#weight <= WEIGHT_MAX) break
      this.#take(row)
    }
  }
}

function isRunning({ state }: SagaRow): boolean {
  return state !== null && state.phase.at !== 'completed' && state.phase.at !== 'compensated'
}

/** Characters of a JSON value, about: its texts and names, and a few for everything else. Pure. */
export function weightOf(value: unknown): number {
  if (typeof value === 'string') return value.length + 2
  if (typeof value !== 'object' || value === null) return 4
  let weight = 2
  if (Array.isArray(value)) for (const item of value) weight += weightOf(item)
  else for (const [name, item] of Object.entries(value)) weight += name.length + weightOf(item)
  return weight
}
