// Owns: how the API shows one saga: its numbered entries in order, the notes beside them, and where it stands. Pure.
import type { HistoryRecord, Note, Time } from '@ensemble/core'
import { momentOf } from '@ensemble/service-contracts'
import { standOf, type SagaSummary, type WaitsFor } from './standing.ts'

export type StoredDecision = Omit<HistoryRecord, 'saga'>

export interface StoredNote extends Note {
  readonly id: string
  readonly at: Time
  readonly source: string
}

/** A saga as it is stored; the newest of its decisions and notes. */
export interface StoredSaga {
  readonly summary: SagaSummary
  readonly decisions: readonly StoredDecision[]
  readonly notes: readonly StoredNote[]
}

/** A saga in a list. */
export function sagaRowOf(summary: SagaSummary) {
  const { status, standing, waitsFor, complete } = standOf(summary)
  return {
    saga: summary.saga,
    status,
    standing,
    waits_for: waitsFor === null ? null : shown(waitsFor),
    complete,
    started_at: momentOf(summary.firstAt),
    updated_at: momentOf(summary.lastAt),
  }
}

export function timelineOf({ summary, decisions, notes }: StoredSaga) {
  const inOrder = decisions.toSorted((left, right) => left.seq - right.seq)
  const entries = inOrder.flatMap(({ seq, at, entries: told }) =>
    told.map(({ type, ...rest }) => ({ seq, at: momentOf(at), type, ...rest, ...untilOf(rest) })),
  )
  return {
    ...sagaRowOf(summary),
    entries,
    notes: notes
      .toSorted((left, right) => left.at - right.at || (left.id < right.id ? -1 : 1))
      .map(({ at, source, type, operation, attempt, detail }) => {
        return { at: momentOf(at), source, type, operation, attempt, detail }
      }),
  }
}

function untilOf(entry: object): { readonly until?: string } {
  return 'until' in entry && typeof entry.until === 'number' ? { until: momentOf(entry.until) } : {}
}

function shown({ participant, step, direction, until }: WaitsFor) {
  return { participant, step, direction, until: until === null ? null : momentOf(until) }
}
