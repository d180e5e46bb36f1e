// Owns: what must be true of the messages themselves, whatever became of their sagas.
// I1: what an older program does not know is no answer: a newer one will take it.
// I2: a repair is passed on once by each who has passed the turn, however often it is delivered.
import { isRecord, type EventMessage } from '@ensemble/core'
import type { Evidence } from '../evidence.ts'

const UNKNOWN_HERE: ReadonlySet<string> = new Set(['PLAN_UNKNOWN', 'CONTRACT_UNKNOWN'])

export function checkMessages(evidence: Evidence): readonly string[] {
  const answers = evidence.messages.flatMap((message) =>
    message.type === 'event' && message.answer?.status === 'faulted'
      ? [{ id: message.id, ...message.answer }]
      : [],
  )
  return [
    ...answers.flatMap(({ id, error }) =>
      UNKNOWN_HERE.has(error.code) ? [`${id}: answered ${error.code}`] : [],
    ),
    ...passedOnTwice(evidence),
  ]
}

/** Copies that the bus makes do not count: each batch that was decided is one row of an outbox, or one of the log. */
function passedOnTwice(evidence: Evidence): readonly string[] {
  const batches = evidence.histories('outbox').map(({ versions }) => messagesOf(versions[0] ?? null))
  const sent = batches.length > 0 ? batches : evidence.messages.map((message) => [message])
  const repairs = sent.flatMap((messages) =>
    messages.filter(isRepair).map(({ id, again }) => `${id}, repair ${again}`),
  )
  const twice = repairs.filter((repair, index) => repairs.indexOf(repair) < index)
  return [...new Set(twice)].map((repair) => `${repair}, was passed on more than once`)
}

function messagesOf(row: object | null): readonly unknown[] {
  return row !== null && 'messages' in row && Array.isArray(row.messages) ? row.messages : []
}

function isRepair(message: unknown): message is EventMessage {
  return isRecord(message) && message['type'] === 'event' && Number(message['again']) > 0
}
