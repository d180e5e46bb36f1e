// Owns: waiting for news: a bell that loops wait on and others ring. Polling is the truth; the bell only
// makes it prompt.
import type { Clock } from '../ports.ts'

/** Nobody reads it: a reason of its own for each wake-up would cost a stack trace. */
const WOKEN = 'woken'

export class Bell {
  #rung = false
  #wake: (() => void) | null = null

  ring(): void {
    this.#rung = true
    this.#wake?.()
  }

  /** Resolves when rung since the last wait, after `ms`, or when stopped. */
  async wait(clock: Clock, ms: number, stopped: AbortSignal): Promise<void> {
    if (this.#rung || stopped.aborted) {
      this.#rung = false
      return
    }
    const woken = new AbortController()
    const wake = (): void => woken.abort(WOKEN)
    this.#wake = wake
    stopped.addEventListener('abort', wake)
    await clock.sleep(ms, woken.signal)
    stopped.removeEventListener('abort', wake)
    this.#wake = null
    this.#rung = false
  }
}
