// Owns: history as facts, for storages that are not the service's database: what was told, each of it once, and what
// follows from all facts of one subject. Pure.
// Does not own: keeping facts (an adapter of FactStore), the order of writes (folded.ts).
// I1: a fact's key follows from what it tells, so a fact that comes twice is one.
// I2: what it tells is kept as text: storages differ in the names, depths and numbers that their own objects can hold.
// I3: an outline follows from facts alone, whatever their order; `told` grows with every fact.
import { createHash } from 'node:crypto'
import type { HistoryEntry, Note, SagaRef, Time } from '@ensemble/core'
import {
  documentFrom,
  sagaKeyOf,
  type Action,
  type DocumentEntry,
  type StoredDocument,
} from '../documents.ts'
import { blankSummary, standOf, withDecision, withEnd, withNote, type SagaSummary } from '../standing.ts'
import { DECISIONS_COUNT_MAX, NOTES_COUNT_MAX, type DocumentFilter, type HistoryBatch } from '../storage.ts'
import type { StoredSaga } from '../timeline.ts'
import { wordsOf } from '../words.ts'

export interface Fact {
  readonly key: string
  /** What it is about, by name. */
  readonly subject: string
  readonly at: Time
  readonly text: string
}

/** What is known of a subject as a whole, to be found by. */
export interface Outline {
  readonly subject: string
  readonly kind: 'document' | 'saga'
  /** Facts that it follows from. */
  readonly told: number
  /** The action of a document, the plan of a saga. */
  readonly family: string
  /** The status of a document, the standing of a saga. */
  readonly state: string
  readonly createdAt: Time
  readonly updatedAt: Time
  /** Keys of the sagas that its entries tell of. */
  readonly sagas: readonly string[]
  readonly words: readonly string[]
  /** Of a saga, what a list shows; empty for a document, which is read. */
  readonly summary: string
}

/** Which outlines: null, and no words at all, leave it open. */
export interface OutlineFilter extends Omit<DocumentFilter, 'action' | 'status'> {
  readonly kind: Outline['kind']
  readonly family: string | null
  readonly state: string | null
}

type Told =
  | {
      readonly type: 'decision'
      readonly saga: SagaRef
      readonly seq: number
      readonly at: Time
      readonly entries: readonly HistoryEntry[]
    }
  | {
      readonly type: 'note'
      readonly saga: SagaRef
      readonly id: string
      readonly at: Time
      readonly source: string
      readonly note: Note
    }
  | {
      readonly type: 'end'
      readonly saga: SagaRef
      readonly at: Time
      readonly status: 'completed' | 'compensated'
    }
  | { readonly type: 'entry'; readonly at: Time; readonly entry: DocumentEntry }

export function documentSubject({
  action,
  uuid,
}: {
  readonly action: Action
  readonly uuid: string
}): string {
  return `document/${action}/${uuid}`
}

export function sagaSubject(saga: Pick<SagaRef, 'plan' | 'id'>): string {
  return `saga/${sagaKeyOf(saga)}`
}

export function factsOf({ decisions, notes, ends, entries }: HistoryBatch): readonly Fact[] {
  const facts = [
    ...decisions.map(({ saga, seq, at, entries: told }) =>
      factOf(sagaSubject(saga), String(seq), { type: 'decision', saga, seq, at, entries: told }),
    ),
    ...notes.map(({ saga, id, at, source, note }) =>
      factOf(sagaSubject(saga), id, { type: 'note', saga, id, at, source, note }),
    ),
    ...ends.map(({ saga, at, end }) =>
      factOf(sagaSubject(saga), 'end', { type: 'end', saga, at, status: end.status }),
    ),
    ...entries.map((entry) =>
      factOf(documentSubject(entry), entry.eventId, { type: 'entry', at: entry.at, entry }),
    ),
  ]
  return once(facts)
}

/** The first of each key: of two that were saved at different times, the earlier. */
export function once(facts: readonly Fact[]): readonly Fact[] {
  const kept = new Map<string, Fact>()
  for (const fact of facts) {
    const known = kept.get(fact.key)
    if (known === undefined || fact.at < known.at) kept.set(fact.key, fact)
  }
  return [...kept.values()]
}

function factOf(subject: string, id: string, told: Told): Fact {
  const key = digestOf(JSON.stringify([subject, told.type, id]))
  return { key, subject, at: told.at, text: JSON.stringify(told) }
}

/** Short, and made of letters that every storage takes in a name. */
export function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}

/** `text` is what `factOf` gave. */
function toldIn({ text }: Fact): Told {
  return JSON.parse(text) as Told
}

/** Of all facts of one subject. */
export function documentIn(facts: readonly Fact[]): StoredDocument | undefined {
  return documentFrom(facts.map(toldIn).flatMap((told) => (told.type === 'entry' ? told.entry : [])))
}

/** Of all facts of one subject. */
export function sagaIn(facts: readonly Fact[]): StoredSaga | undefined {
  const told = facts.map(toldIn)
  const summary = told.reduce<SagaSummary | undefined>(folded, undefined)
  if (summary === undefined) return undefined
  const decisions = told.filter((one) => one.type === 'decision').sort((left, right) => left.seq - right.seq)
  const notes = told.filter((one) => one.type === 'note').sort((left, right) => left.at - right.at)
  return {
    summary,
    decisions: decisions.slice(-DECISIONS_COUNT_MAX),
    notes: notes.slice(-NOTES_COUNT_MAX).map(({ id, at, source, note }) => ({ ...note, id, at, source })),
  }
}

function folded(before: SagaSummary | undefined, told: Told): SagaSummary | undefined {
  if (told.type === 'entry') return before
  const summary = before ?? blankSummary(told.saga, told.at)
  switch (told.type) {
    case 'decision':
      return withDecision(summary, told)
    case 'note':
      return withNote(summary, told)
    case 'end':
      return withEnd(summary, told)
    default:
      return told satisfies never
  }
}

/** Of all facts of one subject; undefined when there is none. */
export function outlineOf(facts: readonly Fact[]): Outline | undefined {
  const [first] = facts
  if (first === undefined) return undefined
  const { subject } = first
  const told = facts.length
  const document = documentIn(facts)
  if (document !== undefined) {
    const { entries, action, createdAt, updatedAt } = document
    const sagas = [...new Set(entries.flatMap(({ saga }) => saga ?? []))]
    const words = [...new Set(entries.flatMap(({ data }) => wordsOf(data)))]
    const about = { family: action, state: entries.at(-1)?.status ?? 'success', sagas, words, summary: '' }
    return { subject, kind: 'document', told, ...about, createdAt, updatedAt }
  }
  const summary = sagaIn(facts)?.summary
  if (summary === undefined) return undefined
  const { saga, firstAt: createdAt, lastAt: updatedAt } = summary
  const about = { family: saga.plan, state: standOf(summary).standing, sagas: [], words: [] }
  return { subject, kind: 'saga', told, ...about, createdAt, updatedAt, summary: JSON.stringify(summary) }
}

/** `summary` is what `outlineOf` gave. */
export function summaryIn({ summary }: Outline): SagaSummary {
  return JSON.parse(summary) as SagaSummary
}

/** Whether an outline is one that is asked for: for storages that cannot look inside. */
export function fits(
  outline: Outline,
  { kind, family, state, from, until, saga, words }: OutlineFilter,
): boolean {
  return (
    outline.kind === kind &&
    (family === null || outline.family === family) &&
    (state === null || outline.state === state) &&
    (from === null || outline.createdAt >= from) &&
    (until === null || outline.createdAt < until) &&
    (saga === null || outline.sagas.includes(saga)) &&
    words.every((word) => outline.words.includes(word))
  )
}

/** The order of lists: newest first. */
export function newestFirst(left: Pick<Outline, 'createdAt' | 'subject'>, right: typeof left): number {
  return right.createdAt - left.createdAt || (left.subject < right.subject ? 1 : -1)
}
