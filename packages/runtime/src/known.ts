// Owns: what this process knows of sagas that it has started: those that run as far as it has heard, and how others
// ended. Pure.
// I1: bounded; what is forgotten is in the start's row.
// I2: an end is final. That a saga runs is believed once only: its end may have been heard by another instance.
// I3: what has ended takes no room from what runs.
import { plain, type SagaRef } from '@ensemble/core'
import { sagaKey } from './letters.ts'
import type { StartEnd } from './ports.ts'
import { lengthOf } from './shell/room.ts'
import type { SagaName, SagaStatus } from './starter.ts'

/** Sagas that run. */
const OPEN_COUNT_MAX = 10_000
const ENDED_COUNT_MAX = 10_000
/** Characters of what sagas ended with, all together: some megabytes. */
const LENGTH_MAX = 4_000_000
/** Of one: a longer end is not kept. */
const LENGTH_OF_ONE_MAX = 100_000

interface Open {
  readonly status: SagaStatus
  readonly isBelieved: boolean
}

interface Ended {
  readonly status: SagaStatus
  /** Of what it ended with. */
  readonly length: number
}

export class KnownSagas {
  /** Those first that were started first. */
  readonly #open = new Map<string, Open>()
  /** Those first that nobody has asked for for the longest time. */
  readonly #ended = new Map<string, Ended>()
  #length = 0

  opened(saga: SagaRef, startedAt: number): void {
    const status: SagaStatus = { saga, status: 'running', data: null, startedAt }
    this.#open.set(sagaKey(saga), { status, isBelieved: true })
    const [oldest] = this.#open.size > OPEN_COUNT_MAX ? this.#open.keys() : []
    if (oldest !== undefined) this.#open.delete(oldest)
  }

  /** Of sagas that were not started here nothing is kept. */
  ended({ saga, status, data }: StartEnd): void {
    const key = sagaKey(saga)
    const known = this.#open.get(key)
    this.#open.delete(key)
    const length = lengthOf(data)
    if (known !== undefined && length <= LENGTH_OF_ONE_MAX)
      this.#keep(key, { status: { ...known.status, status, data }, length })
  }

  /** Whether it was started here, not long ago, and no end was heard. */
  isOpen(saga: SagaName): boolean {
    return this.#open.has(sagaKey(saga))
  }

  /** That it runs; the same answer is given once only. */
  takeOpen(saga: SagaName): SagaStatus | null {
    const key = sagaKey(saga)
    const known = this.#open.get(key)
    if (known?.isBelieved !== true) return null
    this.#open.set(key, { ...known, isBelieved: false })
    return known.status
  }

  endOf(saga: SagaName): SagaStatus | null {
    const key = sagaKey(saga)
    const known = this.#ended.get(key)
    if (known === undefined) return null
    this.#keep(key, known)
    return { ...known.status, data: plain(known.status.data) }
  }

  #keep(key: string, known: Ended): void {
    this.#drop(key)
    this.#ended.set(key, known)
    this.#length += known.length
    for (const oldest of this.#ended.keys()) {
      if (this.#ended.size <= ENDED_COUNT_MAX && this.#length <= LENGTH_MAX) break
      this.#drop(oldest)
    }
  }

  #drop(key: string): void {
    this.#length -= this.#ended.get(key)?.length ?? 0
    this.#ended.delete(key)
  }
}
