// Owns: that Consul knows an instance while it serves, and no longer.
// I1: an agent that forgot it, because it began anew, is told again.
// I2: it is taken back before anything of the service stops, so that nobody finds it who would be refused.
import type { Clock } from '@ensemble/runtime'
import { messageOf, type Consul, type Registration } from './client.ts'

export interface Registering {
  readonly consul: Pick<Consul, 'register' | 'isRegistered' | 'deregister'>
  readonly clock: Pick<Clock, 'sleep'>
  readonly say: (line: string) => void
}

const LOOK_MS = 10_000

/** Registers, and sees to it that it stays so; the answer takes it back. Errors: ConsulError when it cannot begin. */
export async function registered(
  registration: Registration,
  { consul, clock, say }: Registering,
): Promise<() => Promise<void>> {
  await consul.register(registration)
  const stopping = new AbortController()
  const { signal } = stopping
  const keep = async (): Promise<void> => {
    let isAway = false
    for (;;) {
      await clock.sleep(LOOK_MS, signal)
      if (signal.aborted) return
      try {
        const isThere = await consul.isRegistered(registration.id)
        if (!isThere && !signal.aborted) await consul.register(registration)
        if (isAway || !isThere) say(`Consul: ${registration.name} is registered again`)
        isAway = false
      } catch (error) {
        if (!isAway) say(`Consul: ${messageOf(error)}; ${registration.name} is registered when it is back`)
        isAway = true
      }
    }
  }
  const keeping = keep()
  return async () => {
    stopping.abort()
    await keeping
    await consul.deregister(registration.id).catch((error: unknown) => {
      say(`Consul: ${messageOf(error)}; it forgets ${registration.name} by itself`)
    })
  }
}
