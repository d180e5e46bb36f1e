// Owns: history in a storage outside the service's database, on top of a store of facts: what is written when.
// Does not own: what facts are and what follows from them (facts.ts), keeping them (mongo.ts, search.ts, s3.ts).
// I1: facts first, then outlines made of all facts that are there by then. Of two writers at a time the one whose facts
// came last sees those of both, and its outline knows more, so no outline stays behind.
// I2: outlines are made of what is stored, not of what was new: a batch that failed half way is whole once it came
// again.
// I3: forgetting takes facts first, then outlines, then looks again: what came meanwhile gets its outline back.
import type { Clock } from '@ensemble/runtime'
import type { HistoryBatch, HistoryStorage } from '../storage.ts'
import { RECORD_MS_MAX, within } from './failures.ts'
import {
  documentIn,
  documentSubject,
  factsOf,
  outlineOf,
  sagaIn,
  sagaSubject,
  summaryIn,
  type Fact,
  type Outline,
  type OutlineFilter,
} from './facts.ts'

/** What a storage must be able to do. What has resolved is seen by every call after it. */
export interface FactStore {
  /** Adds those whose key is not there; the others stay as they are. */
  insert(facts: readonly Fact[]): Promise<void>
  /** All facts of these subjects, each once. */
  read(subjects: readonly string[]): Promise<readonly Fact[]>
  /** Each unless one of its subject is there that knows as much or more. */
  put(outlines: readonly Outline[]): Promise<void>
  /** Newest first. */
  find(
    of: OutlineFilter & { readonly limit: number; readonly offset: number },
  ): Promise<{ readonly total: number; readonly outlines: readonly Outline[] }>
  /** Documents, and sagas that have ended, with no fact from `before` on. */
  stale(of: { readonly before: number; readonly countMax: number }): Promise<readonly string[]>
  /** Facts of before that time, all of them when it is null; then the outlines of these subjects. */
  forget(subjects: readonly string[], before: number | null): Promise<void>
  ping(): Promise<unknown>
  close(): Promise<void>
}

const OPEN = { from: null, until: null, saga: null, words: [] } as const

export function foldedStorage(store: FactStore, clock: Clock): HistoryStorage {
  const outlinesAnew = async (subjects: readonly string[]): Promise<void> => {
    const facts = Map.groupBy(await store.read(subjects), ({ subject }) => subject)
    await store.put([...facts.values()].flatMap((told) => outlineOf(told) ?? []))
  }
  const forget = async (subjects: readonly string[], before: number | null): Promise<void> => {
    await store.forget(subjects, before)
    await outlinesAnew(subjects)
  }
  const record = async (batch: HistoryBatch): Promise<void> => {
    const facts = factsOf(batch)
    const removed = [...new Set(batch.removals.map(documentSubject))]
    if (removed.length > 0) await forget(removed, null)
    if (facts.length === 0) return
    await store.insert(facts)
    await outlinesAnew([...new Set(facts.map(({ subject }) => subject))])
  }
  const document: HistoryStorage['document'] = async (of) =>
    documentIn(await store.read([documentSubject(of)]))
  return {
    record: (_tx, batch) => within(clock, RECORD_MS_MAX, record(batch)),
    save: async (draft) => {
      const entry = { ...draft, at: clock.now() }
      await record({ decisions: [], notes: [], ends: [], removals: [], entries: [entry] })
      const stored = await document(entry)
      if (stored === undefined) throw new Error(`the document ${draft.action} ${draft.uuid} was not stored`)
      return stored
    },
    document,
    documents: async ({ action, status, ...rest }) => {
      const { total, outlines } = await store.find({
        kind: 'document',
        family: action,
        state: status,
        ...rest,
      })
      const facts = Map.groupBy(
        await store.read(outlines.map(({ subject }) => subject)),
        ({ subject }) => subject,
      )
      return { total, results: outlines.flatMap(({ subject }) => documentIn(facts.get(subject) ?? []) ?? []) }
    },
    saga: async (saga) => sagaIn(await store.read([sagaSubject(saga)])),
    sagas: async ({ plan, standing, limit, offset }) => {
      const which = { kind: 'saga', family: plan, state: standing, limit, offset, ...OPEN } as const
      const { total, outlines } = await store.find(which)
      return { total, results: outlines.map(summaryIn) }
    },
    prune: async ({ before, countMax }) => {
      const subjects = await store.stale({ before, countMax })
      if (subjects.length > 0) await forget(subjects, before)
      return subjects.length
    },
    ping: () => store.ping(),
  }
}
