// Owns: which transactions do nothing at home (../home.ts). What one fails of, or what kills its worker, may be what it
// does there, and its messages, or the start that it stores, would be blamed.
import type { Time } from '@ensemble/core'
import { errorInfo } from '../errors.ts'
import type { Clock } from '../ports.ts'
import { RACES } from './race.ts'

const AFTER_FAILURE_COUNT = 50
/** A lost race says nothing about what was decided. */
const AFTER_RACE_COUNT = 2
/** The database is away, or nobody knows whether it has committed. */
const GONE: ReadonlySet<string> = new Set(['CONNECTION', 'COMMIT_UNKNOWN', 'ENDED'])

/** What the tries of one transaction know of each other. */
export interface Tries {
  /** Told when something is done at home; null where nothing may be. To be asked for once in each try. */
  onHome(): (() => void) | null
}

/** Whoever was not answered asks again by then; what kills is found once it comes over the bus. */
const AFTER_KILL_MS = 600_000

interface Killed {
  readonly clock: Pick<Clock, 'now'>
  /** The process before this one did not stop. */
  readonly wasKilled: boolean
}

export class Apart {
  readonly #clock: Pick<Clock, 'now'> | null
  readonly #until: Time
  /** The first one after the host's start is among them. */
  #left = 1

  /** For what nobody counts that is tried again after a kill: null where somebody does. */
  constructor(killed: Killed | null = null) {
    this.#clock = killed?.clock ?? null
    this.#until = killed?.wasKilled === true ? killed.clock.now() + AFTER_KILL_MS : 0
  }

  get isNext(): boolean {
    return this.#left > 0 || (this.#clock !== null && this.#clock.now() < this.#until)
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

  /** The first try only may do something at home; if it fails then, what was asked for is tried again without. */
  async tried<T>(work: (tries: Tries) => Promise<T>): Promise<T> {
    let isFirst = !this.isNext
    let wasHome = false
    let wasEverHome = false
    const tries: Tries = {
      onHome: () => {
        const isHome = isFirst
        isFirst = false
        wasHome = false
        return isHome ? () => void (wasHome = wasEverHome = true) : null
      },
    }
    const value = await work(tries).catch(async (error: unknown) => {
      const { code } = errorInfo(error)
      if (!wasHome) throw error
      // A lock that was waited for says as little about what was asked for as a lost race.
      if (code === 'TIMEOUT') this.raced()
      else this.failed(code)
      if (GONE.has(code)) throw error
      return await work(tries)
    })
    this.done()
    if (wasEverHome && !wasHome) this.raced()
    return value
  }
}
