// Owns: which batches do nothing at home (../local.ts). What a batch fails of, or what kills its worker, may be what it
// does there, and its messages, or the start that it stores, would be blamed.
import { RACES } from './race.ts'

const AFTER_FAILURE_COUNT = 50
/** A lost race says nothing about what was decided. */
const AFTER_RACE_COUNT = 2

export class Apart {
  /** The first one after the host's start is among them. */
  #left = 1

  get isNext(): boolean {
    return this.#left > 0
  }

  done(): void {
    this.#left = Math.max(0, this.#left - 1)
  }

  failed(code: string): void {
    if (RACES.has(code)) this.raced()
    else this.#left = AFTER_FAILURE_COUNT
  }

  raced(): void {
    this.#left = Math.max(this.#left, AFTER_RACE_COUNT)
  }

  /** The worker may have been killed. */
  killed(): void {
    this.#left = AFTER_FAILURE_COUNT
  }
}
