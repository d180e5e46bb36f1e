// Owns: putting away what cannot be handled: a row among the dead letters, and an event that tells of it, both in the
// transaction that gave up.
// I1: the row has all of it; the event has what fits on any bus.
import { TOPIC, type EventMessage, type Message, type Time } from '@ensemble/core'
import type { DeadLetter, Stores, Transaction } from './ports.ts'

/** Characters of a letter that its event carries; as JSON in JSON they may grow to six times as many bytes. */
const TEXT_LENGTH_MAX = 100_000

export interface Cemetery {
  readonly service: string
  readonly stores: Pick<Stores, 'deadLetters'>
}

/** Answers what is to be sent with the transaction. */
export function bury(
  tx: Transaction,
  letters: readonly DeadLetter[],
  { service, stores }: Cemetery,
): readonly Message[] {
  if (letters.length === 0) return []
  tx.defer(stores.deadLetters.insert(tx, letters))
  return letters.map((letter) => deadLetterEvent(letter, { service, at: tx.now }))
}

function deadLetterEvent(letter: DeadLetter, { service, at }: { service: string; at: Time }): EventMessage {
  const { id, topic, reason, detail, text } = letter
  return {
    type: 'event',
    id: `${service}!${id}`,
    topic: TOPIC.deadLetters(service),
    key: id,
    name: `${service}.dead-letter`,
    source: service,
    at,
    data: {
      id,
      topic,
      reason,
      detail: detail.slice(0, TEXT_LENGTH_MAX),
      text: text.slice(0, TEXT_LENGTH_MAX),
    },
    saga: null,
    operation: null,
    answer: null,
    slip: null,
    again: 0,
  }
}
