// Owns: history in SQL, in the service's own tables.
// Does not own what it means (documents.ts, standing.ts, timeline.ts).
// I1: one statement per table and batch, whatever the number of messages.
// I2: a saga's row is locked before its decisions are stored: who counts a decision as new also writes the count.
import type { EndedMessage, HistoryMessage, NoteMessage, NoteType, SagaRef } from '@ensemble/core'
import { readPage, sqlFolder, tableRows } from '@ensemble/postgres'
import type { Database, Queryable, Rows, Transaction } from '@ensemble/runtime'
import { momentOf } from '@ensemble/service-contracts'
import type { Action, DocumentEntry, EntryData, StoredDocument } from './documents.ts'
import { blankSummary, standOf, withDecision, withEnd, withNote, type SagaSummary } from './standing.ts'
import {
  DECISIONS_COUNT_MAX,
  ENTRIES_COUNT_MAX,
  NOTES_COUNT_MAX,
  type HistoryBatch,
  type HistoryStorage,
} from './storage.ts'
import type { StoredDecision, StoredNote } from './timeline.ts'

type Columns = Readonly<Record<string, unknown>>

const sql = sqlFolder(new URL('./sql/', import.meta.url))

const ENTRIES_APPEND = sql('entries-append')
const DOCUMENTS_APPEND = sql('documents-append')
const DOCUMENTS_GET = sql('documents-get')
const DOCUMENTS_LIST = sql('documents-list')
const DECISIONS_APPEND = sql('decisions-append')
const DECISIONS_LIST = sql('decisions-list')
const NOTES_APPEND = sql('notes-append')
const NOTES_LIST = sql('notes-list')
const SAGA_GET = sql('saga-get')
const SAGA_PAGES = { list: sql('saga-list'), count: sql('saga-count'), decode: summaryOf }

const sagaRows: Rows<SagaSummary> = tableRows<SagaSummary>({
  name: 'tb_saga',
  load: sql('sagas-load'),
  insert: sql('sagas-insert'),
  update: sql('sagas-update'),
  decode: summaryOf,
  key: ({ saga }) => keyOf(saga),
  encode: columnsOf,
})

export function historyStorage({ database, read }: { database: Database; read: Queryable }): HistoryStorage {
  return {
    record,
    save: (draft) =>
      database.transaction(async (tx) => {
        storeEntries(tx, [{ ...draft, at: tx.now }])
        const [stored] = await documentsOf(tx, draft.action, [draft.uuid])
        if (stored === undefined) throw new Error(`the document ${draft.action} ${draft.uuid} was not stored`)
        return stored
      }),
    document: async ({ action, uuid }) => (await documentsOf(read, action, [uuid]))[0],
    documents: async ({ action, limit, offset }) => {
      const { rows } = await read.query(DOCUMENTS_LIST, [action, limit, offset])
      const uuids = rows.map((row) => String(row['uuid']))
      const found = new Map((await documentsOf(read, action, uuids)).map((one) => [one.uuid, one]))
      return uuids.flatMap((uuid) => found.get(uuid) ?? [])
    },
    saga: async (saga) => {
      const key = keyOf(saga)
      const row = (await read.query(SAGA_GET, [key])).rows[0]
      if (row === undefined) return undefined
      // Only then: what the row says is there must be among them.
      const [decisions, notes] = await Promise.all([
        read.query(DECISIONS_LIST, [key, DECISIONS_COUNT_MAX]),
        read.query(NOTES_LIST, [key, NOTES_COUNT_MAX]),
      ])
      return {
        summary: summaryOf(row),
        decisions: decisions.rows.map(decisionOf),
        notes: notes.rows.map(noteOf),
      }
    },
    sagas: ({ plan, standing, ...page }) => readPage(read, SAGA_PAGES, page, [plan, standing]),
  }
}

async function record(tx: Transaction, batch: HistoryBatch): Promise<void> {
  await recordSagas(tx, batch)
  storeEntries(tx, batch.entries)
}

async function recordSagas(tx: Transaction, { decisions, notes, ends }: HistoryBatch): Promise<void> {
  const told = [...decisions, ...notes, ...ends]
  if (told.length === 0) return
  const keys = [...new Set(told.map(({ saga }) => keyOf(saga)))].sort()
  const [before, fresh] = await Promise.all([sagaRows.load(tx, keys), appendDecisions(tx, decisions)])
  if (notes.length > 0) tx.defer(tx.query(NOTES_APPEND, [rowsText(notes.map(noteColumns), 'id')]))
  const after = new Map(before)
  const fold = (
    message: HistoryMessage | NoteMessage | EndedMessage,
    change: (summary: SagaSummary) => SagaSummary,
  ): void => {
    const key = keyOf(message.saga)
    after.set(key, change(after.get(key) ?? blankSummary(message.saga, message.at)))
  }
  for (const decision of fresh) fold(decision, (summary) => withDecision(summary, decision))
  for (const note of notes) fold(note, (summary) => withNote(summary, note))
  for (const end of ends) fold(end, (summary) => withEnd(summary, { status: end.end.status, at: end.at }))
  const changed = [...after]
    .filter(([key, state]) => before.get(key) !== state)
    .map(([key, state]) => ({ key, state }))
  tx.defer(
    sagaRows.insert(
      tx,
      changed.filter(({ key }) => !before.has(key)),
    ),
  )
  tx.defer(
    sagaRows.update(
      tx,
      changed.filter(({ key }) => before.has(key)),
    ),
  )
}

/** Stores decisions and answers those that were not there. */
async function appendDecisions(
  tx: Transaction,
  decisions: readonly HistoryMessage[],
): Promise<readonly HistoryMessage[]> {
  if (decisions.length === 0) return []
  const { rows } = await tx.query(DECISIONS_APPEND, [
    rowsText(decisions.map(decisionColumns), 'saga_key', 'seq'),
  ])
  const fresh = new Set(rows.map((row) => `${String(row['saga_key'])}#${String(row['seq'])}`))
  return decisions.filter(({ saga, seq }) => fresh.delete(`${keyOf(saga)}#${seq}`))
}

function storeEntries(tx: Transaction, entries: readonly DocumentEntry[]): void {
  if (entries.length === 0) return
  const documents = new Map<string, Columns>()
  for (const { action, uuid, at } of entries) {
    documents.set(`${action} ${uuid}`, { action, uuid, created_at: momentOf(at) })
  }
  tx.defer(tx.query(DOCUMENTS_APPEND, [rowsText([...documents.values()], 'action', 'uuid')]))
  tx.defer(tx.query(ENTRIES_APPEND, [rowsText(entries.map(entryColumns), 'action', 'uuid', 'event_id')]))
}

async function documentsOf(
  db: Queryable,
  action: Action,
  uuids: readonly string[],
): Promise<readonly StoredDocument[]> {
  if (uuids.length === 0) return []
  const { rows } = await db.query(DOCUMENTS_GET, [action, uuids, ENTRIES_COUNT_MAX])
  return [...Map.groupBy(rows, (row) => String(row['uuid'])).values()].flatMap((group) => {
    const [first] = group
    if (first === undefined) return []
    return {
      action,
      uuid: String(first['uuid']),
      createdAt: Number(first['first_at']),
      updatedAt: Number(first['last_at']),
      entryCount: Number(first['entry_count']),
      entries: group.map((row) => entryOf(row, action)),
    }
  })
}

/** What JSON can say and jsonb cannot hold: U+0000 and half a character, unless the backslash is itself a text's. */
const UNKEEPABLE = /(?<!\\)((?:\\\\)*)\\u(?:0000|d[89a-f][0-9a-f]{2})/g

/** One JSON array in one order for all writers, so that two batches never wait for each other. */
function rowsText(rows: readonly Columns[], ...names: readonly string[]): string {
  const keyed = rows.map((row) => ({
    row,
    key: names.map((name) => String(row[name]).padStart(20, '0')).join(' '),
  }))
  const sorted = keyed.sort((left, right) => (left.key < right.key ? -1 : 1)).map(({ row }) => row)
  return JSON.stringify(sorted).replaceAll(UNKEEPABLE, String.raw`$1\ufffd`)
}

function keyOf({ plan, id }: Pick<SagaRef, 'plan' | 'id'>): string {
  return `${plan}/${id}`
}

function columnsOf(state: SagaSummary): Columns {
  const { saga, firstAt, lastAt, version, ...rest } = state
  const { status, standing, waitsFor } = standOf(state)
  return {
    saga_key: keyOf(saga),
    plan: saga.plan,
    id: saga.id,
    pattern: saga.pattern,
    status,
    standing,
    waits_for: waitsFor?.participant ?? null,
    started_at: momentOf(firstAt),
    updated_at: momentOf(lastAt),
    summary: rest,
    version,
  }
}

/** `summary` is what `columnsOf` gave. */
function summaryOf(row: Columns): SagaSummary {
  const rest = row['summary'] as Omit<SagaSummary, 'saga' | 'firstAt' | 'lastAt' | 'version'>
  const pattern = row['pattern'] === 'choreography' ? 'choreography' : 'orchestration'
  return {
    ...rest,
    saga: { plan: String(row['plan']), id: String(row['id']), pattern },
    firstAt: Number(row['started_at']),
    lastAt: Number(row['updated_at']),
    version: Number(row['version']),
  }
}

function decisionColumns({ saga, seq, at, entries }: HistoryMessage): Columns {
  return { saga_key: keyOf(saga), seq, decided_at: momentOf(at), entries }
}

/** `entries` is what `decisionColumns` gave. */
function decisionOf(row: Columns): StoredDecision {
  const entries = row['entries'] as StoredDecision['entries']
  return { seq: Number(row['seq']), at: Number(row['decided_at']), entries }
}

function noteColumns({ id, saga, at, source, note }: NoteMessage): Columns {
  const { type, operation, attempt, detail } = note
  return { id, saga_key: keyOf(saga), noted_at: momentOf(at), source, type, operation, attempt, detail }
}

function noteOf(row: Columns): StoredNote {
  return {
    id: String(row['id']),
    at: Number(row['noted_at']),
    source: String(row['source']),
    type: String(row['type']) as NoteType,
    operation: typeof row['operation'] === 'string' ? row['operation'] : null,
    attempt: Number(row['attempt']),
    detail: String(row['detail']),
  }
}

function entryColumns({ action, uuid, eventId, at, rank, status, data }: DocumentEntry): Columns {
  return { action, uuid, event_id: eventId, happened_at: momentOf(at), place: rank, status, data }
}

/** `data` is what `entryColumns` gave. */
function entryOf(row: Columns, action: Action): DocumentEntry {
  return {
    action,
    uuid: String(row['uuid']),
    eventId: String(row['event_id']),
    at: Number(row['happened_at']),
    rank: Number(row['place']),
    status: row['status'] === 'success' ? 'success' : 'failed',
    data: row['data'] as EntryData,
  }
}
