// Owns: recording as the consumer does, for tests of storages: again after a lost race, in parts after a time-out.
import { isRecord, type Message } from '@ensemble/core'

const TRIES_MAX = 30

/** Records as the consumer does: again after a lost race, in halves when it takes too long. */
export async function consumed(
  messages: readonly Message[],
  work: (messages: readonly Message[]) => Promise<void>,
): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await work(messages)
      return
    } catch (error) {
      const code = isRecord(error) ? error['code'] : undefined
      if (code === 'TIMEOUT' && messages.length > 1) {
        const half = Math.floor(messages.length / 2)
        await consumed(messages.slice(0, half), work)
        await consumed(messages.slice(half), work)
        return
      }
      if (tries >= TRIES_MAX || (code !== 'UNIQUE' && code !== 'MOVED')) throw error
    }
  }
}
