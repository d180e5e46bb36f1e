// Owns: what a decision says for history. Entries of one decision share its number (saga, seq) and are equal
// in both patterns;
// a note has no number, comes from anyone, and is never compared.
import type { AnswerStatus, Time } from '../contract/outcome.ts'
import type { Because } from '../plan/plan.ts'
import type { Direction, SagaRef } from './saga.ts'

export type HistoryEntry =
  | { readonly type: 'started'; readonly input: unknown }
  | {
      readonly type: 'asked'
      readonly step: string
      readonly direction: Direction
      readonly participant: string
      readonly request: string
    }
  | { readonly type: 'accepted'; readonly step: string; readonly until: Time }
  | {
      readonly type: 'answered'
      readonly step: string
      readonly status: AnswerStatus
      readonly data: unknown
    }
  | { readonly type: 'cancelled'; readonly step: string; readonly reason: string }
  | { readonly type: 'going-back'; readonly because: Because }
  | { readonly type: 'undone'; readonly step: string }
  | { readonly type: 'ended'; readonly status: 'completed' | 'compensated'; readonly data: unknown }

export type NoteType =
  | 'cancel-requested'
  | 'cancel-refused'
  | 'ignored'
  | 'overdue'
  | 'retrying'
  | 'parked'
  | 'resumed'
  | 'reconcile'

/** Something worth seeing that decides nothing. */
export interface Note {
  readonly type: NoteType
  readonly operation: string | null
  readonly attempt: number
  readonly detail: string
}

/** What history stores: the numbered entries of one decision. */
export interface HistoryRecord {
  readonly saga: SagaRef
  readonly seq: number
  readonly at: Time
  readonly entries: readonly HistoryEntry[]
}
