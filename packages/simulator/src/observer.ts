// Owns: the observer of a simulated system: it records every numbered decision that it is given.
import { TOPIC } from '@ensemble/core'
import { memoryEntries } from '@ensemble/memory'
import type { HostOptions } from '@ensemble/runtime'

export interface Recorded {
  /** Of the saga and the decision's number. */
  readonly id: string
  readonly saga: string
  readonly seq: number
  /** What was decided, as JSON. */
  readonly entries: string
}

/** In the order in which the bus gave them, repeated ones too. */
export const recorded = memoryEntries<Recorded>({ name: 'recorded' })

export function observer(): NonNullable<HostOptions['observer']> {
  return {
    topics: [TOPIC.history],
    record: async (tx, messages) => {
      const numbered = messages.flatMap((message) => {
        if (message.type !== 'history') return []
        const { id, saga, seq, entries } = message
        return [{ id, saga: `${saga.plan}/${saga.id}`, seq, entries: JSON.stringify(entries) }]
      })
      if (numbered.length > 0) await recorded.append(tx, numbered)
    },
  }
}
