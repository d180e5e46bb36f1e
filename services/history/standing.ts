// Owns: what history knows of one saga as a whole, and where it stands. Pure.
// Does not own: storing it (storage.ts), the single entries (timeline.ts).
// I1: folding is commutative: decisions, notes and ends may come in any order, from any topic.
// I2: only decisions that were not stored before are folded, for they are counted; notes and ends may be folded again.
// I3: entries say where a saga is, notes only how its outstanding operation fares.
import { operationId } from '@ensemble/core'
import type { Direction, HistoryEntry, HistoryRecord, Note, SagaRef, Time } from '@ensemble/core'

export const STANDINGS = ['running', 'waiting', 'retrying', 'overdue', 'parked', 'ended'] as const
export type Standing = (typeof STANDINGS)[number]

interface Asked {
  readonly seq: number
  readonly at: Time
  readonly step: string
  readonly direction: Direction
  readonly participant: string
  readonly request: string
}

interface Accepted {
  readonly seq: number
  readonly at: Time
  readonly step: string
  readonly until: Time
}

const MARKS = ['retrying', 'overdue', 'parked', 'resumed'] as const
type Mark = (typeof MARKS)[number]
/** When an operation was last said to be so. */
type Marks = { readonly [Name in Mark]?: Time }

export interface SagaSummary {
  readonly saga: SagaRef
  /** The highest number seen, and how many were: equal when none is missing. */
  readonly seqMax: number
  readonly decisionCount: number
  readonly firstAt: Time
  readonly lastAt: Time
  readonly asked: Asked | null
  readonly accepted: Accepted | null
  readonly ended: { readonly status: 'completed' | 'compensated'; readonly at: Time } | null
  /** By operation; '' for what concerns the saga itself. */
  readonly marks: Readonly<Record<string, Marks>>
  /** As it was read; 0 for a new row. */
  readonly version: number
}

export interface WaitsFor {
  readonly participant: string
  readonly step: string
  readonly direction: Direction
  /** When the participant has promised an outcome at the latest; null without a promise. */
  readonly until: Time | null
}

export interface Stand {
  readonly status: 'running' | 'completed' | 'compensated'
  readonly standing: Standing
  readonly waitsFor: WaitsFor | null
  /** False while numbered decisions are missing, or the last one is not there yet. */
  readonly complete: boolean
}

export function blankSummary(saga: SagaRef, at: Time): SagaSummary {
  return {
    saga,
    seqMax: 0,
    decisionCount: 0,
    firstAt: at,
    lastAt: at,
    asked: null,
    accepted: null,
    ended: null,
    marks: {},
    version: 0,
  }
}

/** Folds in a decision that was not stored before. */
export function withDecision(
  summary: SagaSummary,
  { seq, at, entries }: Omit<HistoryRecord, 'saga'>,
): SagaSummary {
  const counted: SagaSummary = {
    ...seen(summary, at),
    seqMax: Math.max(summary.seqMax, seq),
    decisionCount: summary.decisionCount + 1,
  }
  return entries.reduce((before, entry) => withEntry(before, entry, { seq, at }), counted)
}

function withEntry(
  summary: SagaSummary,
  entry: HistoryEntry,
  { seq, at }: { seq: number; at: Time },
): SagaSummary {
  switch (entry.type) {
    case 'asked': {
      if (summary.asked !== null && summary.asked.seq >= seq) return summary
      const { step, direction, participant, request } = entry
      return { ...summary, asked: { seq, at, step, direction, participant, request } }
    }
    case 'accepted':
      if (summary.accepted !== null && summary.accepted.seq >= seq) return summary
      return { ...summary, accepted: { seq, at, step: entry.step, until: entry.until } }
    case 'ended':
      return { ...summary, ended: { status: entry.status, at } }
    case 'started':
    case 'answered':
    case 'cancelled':
    case 'going-back':
    case 'undone':
      return summary
    default:
      return entry satisfies never
  }
}

export function withNote(
  summary: SagaSummary,
  { note, at }: { readonly note: Note; readonly at: Time },
): SagaSummary {
  const after = seen(summary, at)
  const mark = MARKS.find((name) => name === note.type)
  if (mark === undefined) return after
  const about = aboutOf(note.operation)
  const marks = summary.marks[about] ?? {}
  return {
    ...after,
    marks: { ...summary.marks, [about]: { ...marks, [mark]: Math.max(at, marks[mark] ?? at) } },
  }
}

/** The end may be heard before the decision that made it. */
export function withEnd(
  summary: SagaSummary,
  { status, at }: { readonly status: 'completed' | 'compensated'; readonly at: Time },
): SagaSummary {
  const after = seen(summary, at)
  return summary.ended === null ? { ...after, ended: { status, at } } : after
}

export function standOf(summary: SagaSummary): Stand {
  const { ended, asked, accepted, seqMax, decisionCount } = summary
  const whole = seqMax > 0 && decisionCount === seqMax
  if (ended !== null)
    return { status: ended.status, standing: 'ended', waitsFor: null, complete: whole && endIsTold(summary) }
  if (asked === null)
    return { status: 'running', standing: worst(summary, 0) ?? 'running', waitsFor: null, complete: whole }
  const promised = accepted !== null && accepted.seq > asked.seq ? accepted : null
  // Who was asked for it is in a decision that is missing.
  if (promised !== null && promised.step !== asked.step) {
    return { status: 'running', standing: 'waiting', waitsFor: null, complete: whole }
  }
  const { participant, step, direction } = asked
  const waitsFor: WaitsFor = { participant, step, direction, until: promised?.until ?? null }
  const standing = worst(summary, promised?.at ?? 0) ?? (promised === null ? 'running' : 'waiting')
  return { status: 'running', standing, waitsFor, complete: whole }
}

/** The last decision of an ended saga asks for nothing, so a number above the last ask and promise is there. */
function endIsTold({ seqMax, asked, accepted }: SagaSummary): boolean {
  return seqMax > Math.max(asked?.seq ?? 0, accepted?.seq ?? 0)
}

/** What notes say of the outstanding operation since it was promised, and of the saga since its last decision. */
function worst({ saga, asked, marks }: SagaSummary, promisedAt: Time): Standing | null {
  const own = asked === null ? {} : (marks[operationId(saga, asked.step, asked.direction)] ?? {})
  const general = marks[''] ?? {}
  const decidedAt = Math.max(promisedAt, asked?.at ?? 0)
  const isSo = (mark: Mark): boolean => stands(own, mark, promisedAt) || stands(general, mark, decidedAt)
  if (isSo('parked')) return 'parked'
  if (isSo('overdue')) return 'overdue'
  return isSo('retrying') ? 'retrying' : null
}

function stands(marks: Marks, mark: Mark, since: Time): boolean {
  const at = marks[mark]
  return at !== undefined && at >= since && at > (marks.resumed ?? 0)
}

/** Notes about anything else than an operation (a message that was set aside, a decision) are about the saga. */
function aboutOf(operation: string | null): string {
  return operation !== null && /\/(?:run|undo)$/.test(operation) ? operation : ''
}

function seen(summary: SagaSummary, at: Time): SagaSummary {
  return { ...summary, firstAt: Math.min(summary.firstAt, at), lastAt: Math.max(summary.lastAt, at) }
}
