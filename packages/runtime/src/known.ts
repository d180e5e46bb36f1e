// Owns: what this process knows of sagas that it has started: those that run as far as it has heard, and how others
// ended. Pure.
// I1: bounded; what is forgotten is in the start's row.
// I2: an end is final. That a saga runs is believed once only: its end may have been heard by another instance.
import { plain, type SagaRef } from '@ensemble/core'
import { sagaKey } from './letters.ts'
import type { StartEnd } from './ports.ts'
import { lengthOf } from './shell/room.ts'
import type { SagaName, SagaStatus } from './starter.ts'

/** Sagas that are known of. */
const COUNT_MAX = 10_000
/** Characters of what sagas ended with, all together: some megabytes. */
const LENGTH_MAX = 4_000_000

interface Known {
  readonly status: SagaStatus
  /** Of what it ended with. */
  readonly length: number
}

export class KnownSagas {
  /** Those first that nobody has asked for for the longest time. */
  readonly #known = new Map<string, Known>()
  #length = 0

  opened(saga: SagaRef, startedAt: number): void {
    this.#put(sagaKey(saga), { status: { saga, status: 'running', data: null, startedAt }, length: 0 })
  }

  /** Of sagas that were not started here nothing is kept. */
  ended({ saga, status, data }: StartEnd): void {
    const key = sagaKey(saga)
    const known = this.#known.get(key)
    if (known !== undefined)
      this.#put(key, { status: { ...known.status, status, data }, length: lengthOf(data) })
  }

  /** Whether it runs, as far as was heard. */
  isOpen(saga: SagaName): boolean {
    return this.#known.get(sagaKey(saga))?.status.status === 'running'
  }

  /** The same answer is given once only. */
  takeOpen(saga: SagaName): SagaStatus | null {
    if (!this.isOpen(saga)) return null
    const key = sagaKey(saga)
    const known = this.#known.get(key)
    this.#drop(key)
    return known?.status ?? null
  }

  endOf(saga: SagaName): SagaStatus | null {
    const key = sagaKey(saga)
    const known = this.#known.get(key)
    if (known === undefined || known.status.status === 'running') return null
    this.#put(key, known)
    return { ...known.status, data: plain(known.status.data) }
  }

  #put(key: string, known: Known): void {
    this.#drop(key)
    this.#known.set(key, known)
    this.#length += known.length
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= COUNT_MAX && this.#length <= LENGTH_MAX) break
      this.#drop(oldest)
    }
  }

  #drop(key: string): void {
    this.#length -= this.#known.get(key)?.length ?? 0
    this.#known.delete(key)
  }
}
