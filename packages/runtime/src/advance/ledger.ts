// Owns: the sagas of a batch in memory: rows as the batch has left them, and what must be written and sent.
import type { Message, RetryPolicy, SagaRef, Time } from '@ensemble/core'
import { sagaKey } from '../letters.ts'
import type { PlanBook } from '../plans.ts'
import type { DeadLetter, SagaRow } from '../ports.ts'

/** What the orchestrator decides with. */
export interface Office {
  readonly plans: PlanBook
  readonly retry: RetryPolicy
  readonly chance: () => number
  /** Silence after which an operation is asked for again, milliseconds. */
  readonly overdueAfterMs: number
}

interface Changes {
  readonly inserts: readonly SagaRow[]
  readonly updates: readonly SagaRow[]
  /** Loaded, and left as they were. */
  readonly unchanged: readonly SagaRow[]
}

export class Ledger {
  readonly messages: Message[] = []
  readonly scheduled: { readonly dueAt: Time; readonly message: Message }[] = []
  readonly deadLetters: DeadLetter[] = []
  readonly #rows = new Map<string, SagaRow>()
  readonly #changed = new Set<string>()
  #now = 0
  #horizon = 0

  get now(): Time {
    return this.#now
  }

  get horizon(): Time {
    return this.#horizon
  }

  /** No decision is older than what it is about. */
  moveTo({ now, horizon }: { readonly now: Time; readonly horizon: Time }): void {
    this.#now = Math.max(this.#now, now)
    this.#horizon = Math.max(this.#horizon, horizon)
  }

  add(rows: readonly SagaRow[]): void {
    for (const row of rows) this.#rows.set(sagaKey(row), row)
  }

  row(saga: Pick<SagaRef, 'plan' | 'id'>): SagaRow | undefined {
    return this.#rows.get(sagaKey(saga))
  }

  put(row: SagaRow): void {
    const key = sagaKey(row)
    this.#rows.set(key, row)
    this.#changed.add(key)
  }

  changes(): Changes {
    const rows = [...this.#changed].flatMap((key) => this.#rows.get(key) ?? [])
    return {
      inserts: rows.filter((row) => row.version === 0),
      updates: rows.filter((row) => row.version > 0),
      unchanged: [...this.#rows].flatMap(([key, row]) => (this.#changed.has(key) ? [] : [row])),
    }
  }
}
