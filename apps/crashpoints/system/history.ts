// Owns: the observer: every decision of every saga, as often as it was said differently.
// I1: when a decision was made is left out: it is not part of what was decided.
import { TOPIC } from '@ensemble/core'
import { sqlFolder } from '@ensemble/postgres'
import type { Observer } from '@ensemble/runtime'
import type { Probe } from '../tripwire/probe.ts'

const DECISION_APPEND = sqlFolder(new URL('./sql/', import.meta.url))('decision_append')

export function observerWith(probe: Probe): Observer {
  return {
    topics: [TOPIC.history],
    record: async (tx, messages) => {
      probe.turn('record')
      const decisions = messages.flatMap((message) =>
        message.type === 'history'
          ? [{ saga: message.saga.id, seq: message.seq, entries: JSON.stringify(message.entries) }]
          : [],
      )
      if (decisions.length > 0) await tx.query(DECISION_APPEND, [JSON.stringify(decisions)])
    },
  }
}
