// Owns: that a host receives: one batch after the other, and from the first time that its bus has enough for two, a
// second one beside it.
import type { Receiver } from './receive.ts'
import { Bell } from './shell/bell.ts'
import type { Looped } from './shell/loop.ts'

export interface Receiving {
  /** From then on the step is repeated, at once when rung. */
  readonly begin: (bell: Bell, looped: Looped) => void
  /** How long the host waits for news before it looks anyway, milliseconds. */
  readonly pollMs: number
  /** Two batches may be handled at a time. */
  readonly areTwo: boolean
}

/** It is called when there is something to do. */
const BESIDE_POLL_MS = 3_600_000

export function receiving(receiver: Receiver, { begin, pollMs, areTwo }: Receiving): void {
  const [bell, beside] = [new Bell(), new Bell()]
  const enough = Promise.withResolvers<void>()
  // In the async context of the host, not in that of whoever commits what makes it enough.
  void enough.promise.then(() =>
    begin(beside, { step: () => receiver.stepBeside(), pollMs: () => BESIDE_POLL_MS }),
  )
  const more = (): void => {
    enough.resolve()
    beside.ring()
  }
  receiver.onNews(() => bell.ring(), areTwo ? more : undefined)
  begin(bell, { step: () => receiver.step(), pollMs: () => pollMs })
}
