// Owns: ringing for what nobody waits for: at once where that was not done lately, else once for all that comes until
// then. Each batch costs a commit, and what is told of one saga in several is stored in several.
import type { Clock } from '../ports.ts'

export interface LaterOptions {
  readonly clock: Clock
  readonly everyMs: number
  readonly ring: () => void
  readonly stopping: AbortSignal
}

export class Later {
  readonly #options: LaterOptions
  #isAsked = false
  #rungAt = Number.NEGATIVE_INFINITY

  constructor(options: LaterOptions) {
    this.#options = options
  }

  ring(): void {
    if (this.#isAsked) return
    this.#isAsked = true
    void this.#ringLater()
  }

  async #ringLater(): Promise<void> {
    const { clock, everyMs, ring, stopping } = this.#options
    // A clock that was set back must not make it long.
    const waitMs = Math.min(everyMs, this.#rungAt + everyMs - clock.now())
    if (waitMs > 0) await clock.sleep(waitMs, stopping)
    this.#isAsked = false
    this.#rungAt = clock.now()
    ring()
  }
}
