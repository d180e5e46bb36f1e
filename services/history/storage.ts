// Owns: the port behind which history is kept, and what a batch of messages means for it. Pure.
// I1: `record` may be called again with the same batch, whole or in parts, and changes nothing then.
// I2: what is removed and told of again in one batch is there again; what was told before it is not.
// I3: a storage in the service's database records in the batch's transaction; one elsewhere before it resolves.
import type { EndedMessage, HistoryMessage, Message, NoteMessage, Time } from '@ensemble/core'
import type { Transaction } from '@ensemble/runtime'
import { entriesOf, type Action, type DocumentEntry, type StoredDocument } from './documents.ts'
import { removalOf, savedOf } from './intake.ts'
import type { SagaSummary, Standing } from './standing.ts'
import type { StoredSaga } from './timeline.ts'

export interface HistoryBatch {
  readonly decisions: readonly HistoryMessage[]
  readonly notes: readonly NoteMessage[]
  readonly ends: readonly EndedMessage[]
  /** Documents that are removed, before the entries are added. */
  readonly removals: readonly DocumentName[]
  readonly entries: readonly DocumentEntry[]
}

export interface DocumentName {
  readonly action: Action
  readonly uuid: string
}

/** An entry that a caller saves: its time is the storage's. */
export type EntryDraft = Omit<DocumentEntry, 'at'>

export interface Page {
  readonly limit: number
  readonly offset: number
}

/** What a document must be like; null and no words at all leave it open. */
export interface DocumentFilter {
  readonly action: Action | null
  /** Of its last entry. */
  readonly status: DocumentEntry['status'] | null
  /** Its first entry is not before this. */
  readonly from: Time | null
  /** Its first entry is before this. */
  readonly until: Time | null
  /** One of its entries tells of this saga, by key. */
  readonly saga: string | null
  /** Each of them is in one of its entries; as `wordsIn` gives them. */
  readonly words: readonly string[]
}

export interface Found<Item> {
  /** Counts all that match. */
  readonly total: number
  readonly results: readonly Item[]
}

export interface Stale {
  /** Told of for the last time before this. */
  readonly before: Time
  readonly countMax: number
}

export interface HistoryStorage {
  record(tx: Transaction, batch: HistoryBatch): Promise<void>
  /** Adds one entry, unless it is there, and answers the document after it. */
  save(draft: EntryDraft): Promise<StoredDocument>
  document(of: DocumentName): Promise<StoredDocument | undefined>
  /** Newest first. */
  documents(of: DocumentFilter & Page): Promise<Found<StoredDocument>>
  saga(of: { readonly plan: string; readonly id: string }): Promise<StoredSaga | undefined>
  /** Newest first. */
  sagas(
    of: { readonly plan: string | null; readonly standing: Standing | null } & Page,
  ): Promise<Found<SagaSummary>>
  /** Forgets documents, and sagas that have ended. An answer below `countMax` says that none is left. */
  prune(stale: Stale): Promise<number>
  /** Rejects when it cannot be used now. */
  ping(): Promise<unknown>
}

/** Newest decisions and notes of a saga that are answered. */
export const DECISIONS_COUNT_MAX = 500
export const NOTES_COUNT_MAX = 200

/** What a batch holds for history; each thing once, whatever came twice. */
export function batchOf(messages: readonly Message[]): HistoryBatch {
  const unique = new Map(messages.map((message) => [`${message.type} ${message.id}`, message]))
  const kept = [...unique.values()]
  const removals: DocumentName[] = []
  let entries: DocumentEntry[] = []
  for (const message of kept) {
    const removal = removalOf(message)
    if (removal === undefined) entries.push(...entriesOf(message), ...savedOf(message))
    else {
      removals.push(removal)
      entries = entries.filter(({ action, uuid }) => action !== removal.action || uuid !== removal.uuid)
    }
  }
  return {
    decisions: kept.filter((message) => message.type === 'history'),
    notes: kept.filter((message) => message.type === 'note'),
    ends: kept.filter((message) => message.type === 'ended'),
    removals,
    entries,
  }
}
