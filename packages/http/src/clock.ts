// Owns: the adapter of Clock to this process. The only place of the package that reads time or sets a timer.
import { setTimeout as wait } from 'node:timers/promises'
import type { Clock } from './ports.ts'

export const systemClock: Clock = {
  now: () => Date.now(),
  async sleep(ms, signal) {
    // ref: false, because nobody should stay alive only to find out that a time-out passed.
    await wait(ms, undefined, { ref: false, ...(signal && { signal }) }).catch(() => undefined)
  },
}
