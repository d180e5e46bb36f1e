// Owns: what a scene can expect of a decision, as values, and the same view of the decision that was made.
// I1: an expectation states a whole aspect (what is done next, the history, the note, the results), never a part
//     of it.
import type { Decision, HistoryEntry, NoteType } from '@ensemble/core'

export interface Expected {
  readonly aspect: 'next' | 'history' | 'note' | 'results'
  readonly value: unknown
}

const next = (value: unknown): Expected => ({ aspect: 'next', value })

/** A step's run is asked, with this input. */
export const asks = (step: string, input: unknown): Expected => next({ asks: step, input })

/** A step's undo is asked, with this input. */
export const undoes = (step: string, input: unknown): Expected => next({ undoes: step, input })

/** The outstanding run of a step is withdrawn. */
export const withdraws = (step: string): Expected => next({ withdraws: step })

/** Nothing is sent. */
export const waits = (): Expected => next({ waits: true })

/** The saga ends as completed, with this data. */
export const completes = (data: unknown): Expected => next({ completes: data })

/** The saga ends as compensated, with this data. */
export const compensates = (data: unknown): Expected => next({ compensates: data })

/** The signal changes nothing, for this recorded reason. */
export const ignores = (reason: string): Expected => next({ ignores: reason })

/** A plan function threw; nothing is decided. */
export const parks = (message: string): Expected => next({ parks: message })

/** The entries that history is given, all of them. */
export const records = (...entries: readonly HistoryEntry[]): Expected => ({
  aspect: 'history',
  value: entries,
})

/** The note that is left beside history. */
export const notes = (type: NoteType, detail: string): Expected => ({
  aspect: 'note',
  value: { type, detail },
})

/** The results that the saga knows afterwards, all of them. */
export const knows = (results: Readonly<Record<string, unknown>>): Expected => ({
  aspect: 'results',
  value: results,
})

/** The aspect of a decision that an expectation is about. */
export function aspectOf(decision: Decision, aspect: Expected['aspect']): unknown {
  if (aspect === 'next') return nextOf(decision)
  if (decision.type !== 'decided') {
    if (aspect === 'history') return []
    return aspect === 'note' && decision.type === 'ignored'
      ? { type: decision.note, detail: decision.reason }
      : null
  }
  if (aspect === 'history') return decision.entries
  return aspect === 'note' ? decision.note : decision.state.results
}

function nextOf(decision: Decision): unknown {
  if (decision.type === 'ignored') return { ignores: decision.reason }
  if (decision.type === 'parked') return { parks: decision.message }
  const { next } = decision
  switch (next.do) {
    case 'ask':
      return next.ask.direction === 'run'
        ? { asks: next.ask.step, input: next.ask.input }
        : { undoes: next.ask.step, input: next.ask.input }
    case 'withdraw':
      return { withdraws: next.ask.step }
    case 'end':
      return next.end.status === 'completed' ? { completes: next.end.data } : { compensates: next.end.data }
    case 'wait':
      return { waits: true }
    default:
      return next satisfies never
  }
}
