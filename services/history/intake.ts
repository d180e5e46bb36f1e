// Owns: what `logger.save` and `logger.delete`, which others tell history over the bus, are to documents. Pure.
// Does not own: the events that our own services publish for everybody (documents.ts).
// I1: an event that says something else than the contract adds nothing: what it says is for nobody here.
import type { Message } from '@ensemble/core'
import { LOGGER_DELETE, LOGGER_SAVE, LoggerDocument, LoggerEntry } from '@ensemble/service-contracts'
import type { Action, DocumentEntry } from './documents.ts'

/** Of entries that callers save: after what the services told in the same millisecond. */
export const RANK_SAVED = 10

export function savedOf(message: Message): readonly DocumentEntry[] {
  if (message.type !== 'event' || message.name !== LOGGER_SAVE) return []
  const { success, data } = LoggerEntry.safeParse(message.data)
  if (!success) return []
  return [{ ...data, eventId: message.id, saga: null, at: message.at, rank: RANK_SAVED }]
}

export function removalOf(message: Message): { readonly action: Action; readonly uuid: string } | undefined {
  return message.type === 'event' && message.name === LOGGER_DELETE
    ? LoggerDocument.safeParse(message.data).data
    : undefined
}
