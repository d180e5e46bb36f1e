// Owns: ending a server so that no accepted request is lost.
// I1: in this order: readiness says no, new requests are refused with 503, those at work are answered, connections
// close.
// I2: it ends within `lingerMs` plus `withinMs`, by cutting what is left.
import { stateOf } from './ports.ts'
import type { Server } from './ports.ts'

/** Shorter than the 30 s that container platforms give before they kill. */
export const DRAIN_MS_MAX = 20_000

export interface DrainOptions {
  readonly withinMs?: number
  /** How long to serve on while readiness says no, for load balancers to notice; 0 where there is none. */
  readonly lingerMs?: number
}

/** Closes the server gracefully; `cut` tells that requests were still at work when the time was over. */
export async function drain(
  server: Server,
  { withinMs = DRAIN_MS_MAX, lingerMs = 0 }: DrainOptions = {},
): Promise<{ readonly cut: boolean }> {
  const state = stateOf(server)
  if (lingerMs > 0) {
    state.phase = 'leaving'
    await state.clock.sleep(lingerMs)
  }
  state.phase = 'closing'
  const done = new AbortController()
  const closing = server.close().then(() => false)
  const cut = await Promise.race([closing, state.clock.sleep(withinMs, done.signal).then(() => true)])
  done.abort()
  if (cut) server.server.closeAllConnections()
  await closing
  return { cut }
}
