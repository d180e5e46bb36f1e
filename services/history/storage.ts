// Owns: the port behind which history is kept, and what a batch of messages means for it. Pure.
// I1: `record` may be called again with the same batch, whole or in parts, and changes nothing then.
// I2: a storage in the service's database records in the batch's transaction; one elsewhere before it resolves.
import type { EndedMessage, HistoryMessage, Message, NoteMessage } from '@ensemble/core'
import type { Transaction } from '@ensemble/runtime'
import { entriesOf, type Action, type DocumentEntry, type StoredDocument } from './documents.ts'
import type { SagaSummary, Standing } from './standing.ts'
import type { StoredSaga } from './timeline.ts'

export interface HistoryBatch {
  readonly decisions: readonly HistoryMessage[]
  readonly notes: readonly NoteMessage[]
  readonly ends: readonly EndedMessage[]
  readonly entries: readonly DocumentEntry[]
}

/** An entry that a caller saves: its time is the storage's. */
export type EntryDraft = Omit<DocumentEntry, 'at'>

export interface Page {
  readonly limit: number
  readonly offset: number
}

export interface HistoryStorage {
  record(tx: Transaction, batch: HistoryBatch): Promise<void>
  /** Adds one entry and answers the document after it. */
  save(draft: EntryDraft): Promise<StoredDocument>
  document(of: { readonly action: Action; readonly uuid: string }): Promise<StoredDocument | undefined>
  /** Newest first. */
  documents(of: { readonly action: Action } & Page): Promise<readonly StoredDocument[]>
  saga(of: { readonly plan: string; readonly id: string }): Promise<StoredSaga | undefined>
  /** Newest first; `total` counts all that match. */
  sagas(
    of: { readonly plan: string | null; readonly standing: Standing | null } & Page,
  ): Promise<{ readonly total: number; readonly results: readonly SagaSummary[] }>
}

/** Newest entries of a document that are answered. */
export const ENTRIES_COUNT_MAX = 200
/** Newest decisions and notes of a saga that are answered. */
export const DECISIONS_COUNT_MAX = 500
export const NOTES_COUNT_MAX = 200

/** What a batch holds for history; each thing once, whatever came twice. */
export function batchOf(messages: readonly Message[]): HistoryBatch {
  const unique = new Map(messages.map((message) => [`${message.type} ${message.id}`, message]))
  const kept = [...unique.values()]
  return {
    decisions: kept.filter((message) => message.type === 'history'),
    notes: kept.filter((message) => message.type === 'note'),
    ends: kept.filter((message) => message.type === 'ended'),
    entries: kept.flatMap(entriesOf),
  }
}
