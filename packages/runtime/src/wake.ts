// Owns: the verb wake: moves due timers and retries to the bus. It decides nothing.
import { tell } from './diagnostics.ts'
import type { Database, Link } from './ports.ts'

const WAKE_COUNT_MAX = 50

/** Moves what is due; returns how many messages. */
export async function wake(link: Link, database: Database, service: string): Promise<number> {
  const { scheduled } = database.stores
  const count = await link.transaction(async (tx) => {
    const messages = await scheduled.takeDue(tx, WAKE_COUNT_MAX)
    return { value: messages.length, messages }
  })
  if (count > 0) tell('wake', { service, count })
  return count
}
