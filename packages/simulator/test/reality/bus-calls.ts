// Owns: the calls of a bus that is in the database.
import type { Message } from '@ensemble/core'
import { note, type Draw, type Family } from './calls.ts'

/** Of one partition each, so that both sides agree which one it is. */
export const TOPICS = ['t1', 't2', 't3'] as const

export function messagesOf({ chance, next }: Draw, countMin: number, countMax: number): readonly Message[] {
  return Array.from({ length: chance.int(countMin, countMax) }, () => note(`m${next()}`, chance.pick(TOPICS)))
}

export const putCalls: Family = {
  insert: (draw) => {
    const messages = messagesOf(draw, 1, 3)
    return {
      text: `put ${messages.map(({ id, topic }) => `${id} to ${topic}`).join(', ')}`,
      // It may ask for its topics first.
      isLong: true,
      run: ({ link, tx }) => link.put(tx, messages),
    }
  },
  others: [],
  // No port reads the log as it is: each side says what is left.
  look: { text: 'nothing of the log', run: async () => undefined },
}
