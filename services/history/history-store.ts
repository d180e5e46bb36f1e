// Owns: history in SQL, in the service's own tables.
// Does not own what it means (documents.ts, standing.ts, timeline.ts).
// I1: one statement per table and batch, whatever the number of messages.
// I2: a saga's row is locked before its decisions are stored: who counts a decision as new also writes the count, and
// the count says which are stored.
import type { EndedMessage, HistoryMessage, NoteMessage, NoteType } from '@ensemble/core'
import { readPage, sqlFolder, tableRows } from '@ensemble/postgres'
import type { Database, Queryable, Rows, Transaction } from '@ensemble/runtime'
import { momentOf } from '@ensemble/service-contracts'
import {
  ENTRIES_COUNT_MAX,
  sagaKeyOf,
  type Action,
  type DocumentEntry,
  type EntryData,
  type StoredDocument,
} from './documents.ts'
import { blankSummary, standOf, withDecision, withEnd, withNote, type SagaSummary } from './standing.ts'
import {
  DECISIONS_COUNT_MAX,
  NOTES_COUNT_MAX,
  type DocumentFilter,
  type DocumentName,
  type HistoryBatch,
  type HistoryStorage,
  type Stale,
} from './storage.ts'
import type { StoredDecision, StoredNote } from './timeline.ts'
import { wordsOf } from './words.ts'

type Columns = Readonly<Record<string, unknown>>

const sql = sqlFolder(new URL('./sql/', import.meta.url))

const ENTRIES_APPEND = sql('entries-append')
const DOCUMENTS_APPEND = sql('documents-append')
const DOCUMENTS_GET = sql('documents-get')
const DOCUMENTS_REMOVE = sql('documents-remove')
const DOCUMENTS_STALE = sql('documents-stale')
const DOCUMENT_PAGES = { list: sql('documents-list'), count: sql('documents-count'), decode: nameOf }
const ENTRIES_REMOVE = sql('entries-remove')
const DECISIONS_APPEND = sql('decisions-append')
const DECISIONS_LIST = sql('decisions-list')
const DECISIONS_OF = sql('decisions-of')
const DECISIONS_REMOVE = sql('decisions-remove')
const NOTES_APPEND = sql('notes-append')
const NOTES_LIST = sql('notes-list')
const NOTES_REMOVE = sql('notes-remove')
const SAGA_GET = sql('saga-get')
const SAGAS_REMOVE = sql('sagas-remove')
const SAGAS_STALE = sql('sagas-stale')
const SAGA_PAGES = { list: sql('saga-list'), count: sql('saga-count'), decode: summaryOf }

const sagaRows: Rows<SagaSummary> = tableRows<SagaSummary>({
  name: 'tb_saga',
  load: sql('sagas-load'),
  insert: sql('sagas-insert'),
  update: sql('sagas-update'),
  decode: summaryOf,
  key: ({ saga }) => sagaKeyOf(saga),
  encode: columnsOf,
})

interface HistoryDatabase {
  readonly database: Pick<Database, 'transaction'>
  /** Reads that may be a little stale. */
  readonly read: Queryable
}

export function historyStorage({ database, read }: HistoryDatabase): HistoryStorage {
  return {
    record,
    save: (draft) =>
      database.transaction(async (tx) => {
        storeEntries(tx, [{ ...draft, at: tx.now }])
        const [stored] = await documentsOf(tx, [draft])
        if (stored === undefined) throw new Error(`the document ${draft.action} ${draft.uuid} was not stored`)
        return stored
      }),
    document: async (name) => (await documentsOf(read, [name]))[0],
    documents: async ({ limit, offset, ...filter }) => {
      const { total, results } = await readPage(read, DOCUMENT_PAGES, { limit, offset }, filterValues(filter))
      const found = new Map((await documentsOf(read, results)).map((one) => [pathOf(one), one]))
      return { total, results: results.flatMap((name) => found.get(pathOf(name)) ?? []) }
    },
    saga: async (saga) => {
      const key = sagaKeyOf(saga)
      const row = (await read.query(SAGA_GET, [key])).rows[0]
      if (row === undefined) return undefined
      // Only then: what the row says is there must be among them.
      const [decisions, notes] = await Promise.all([
        read.query(DECISIONS_LIST, [key, DECISIONS_COUNT_MAX]),
        read.query(NOTES_LIST, [key, NOTES_COUNT_MAX]),
      ])
      return {
        summary: summaryOf(row),
        decisions: decisions.rows
          .flatMap(decisionsOf)
          .sort((left, right) => right.seq - left.seq)
          .slice(0, DECISIONS_COUNT_MAX),
        notes: notes.rows.map(noteOf),
      }
    },
    sagas: ({ plan, standing, ...page }) => readPage(read, SAGA_PAGES, page, [plan, standing]),
    prune: (stale) => database.transaction((tx) => prune(tx, stale)),
    ping: () => read.query('select 1'),
  }
}

async function record(tx: Transaction, batch: HistoryBatch): Promise<void> {
  await recordSagas(tx, batch)
  removeDocuments(tx, batch.removals)
  storeEntries(tx, batch.entries)
}

async function recordSagas(tx: Transaction, { decisions, notes, ends }: HistoryBatch): Promise<void> {
  const told = [...decisions, ...notes, ...ends]
  if (told.length === 0) return
  const keys = [...new Set(told.map(({ saga }) => sagaKeyOf(saga)))].sort()
  const before = await sagaRows.load(tx, keys)
  const { decisions: fresh, counted } = await freshOf(tx, decisions, before)
  if (fresh.length > 0) tx.defer(tx.query(DECISIONS_APPEND, decisionLists(fresh)))
  if (notes.length > 0)
    tx.defer(
      tx.query(NOTES_APPEND, [
        keepable(JSON.stringify(sortedBy(notes.map(noteColumns), ({ id }) => String(id)))),
      ]),
    )
  const after = new Map(counted)
  const fold = (
    message: HistoryMessage | NoteMessage | EndedMessage,
    change: (summary: SagaSummary) => SagaSummary,
  ): void => {
    const key = sagaKeyOf(message.saga)
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

interface Fresh {
  readonly decisions: readonly HistoryMessage[]
  /** Summaries whose count of decisions is that of the rows. */
  readonly counted: ReadonlyMap<string, SagaSummary>
}

/**
 * Those that are not stored. Where none is missing those up to the highest number are; else one has to look, and counts
 * anew: a program of before that reads again what was stored in one row counts it twice.
 */
async function freshOf(
  tx: Transaction,
  decisions: readonly HistoryMessage[],
  before: ReadonlyMap<string, SagaSummary>,
): Promise<Fresh> {
  const found = decisions.map((decision) => ({ decision, key: sagaKeyOf(decision.saga) }))
  const gaping = new Set(found.flatMap(({ key }) => (hasGaps(before.get(key)) ? [key] : [])))
  const rows = gaping.size === 0 ? [] : (await tx.query(DECISIONS_OF, [[...gaping].sort()])).rows
  const stored = new Map([...gaping].map((key) => [key, new Set<number>()]))
  for (const row of rows)
    for (const { seq } of decisionsOf(row)) stored.get(String(row['saga_key']))?.add(seq)
  const fresh = found.filter(({ decision: { seq }, key }) => {
    const known = stored.get(key)
    return known === undefined ? seq > (before.get(key)?.seqMax ?? 0) : !known.has(seq)
  })
  const counted = [...before].map(([key, summary]): [string, SagaSummary] => {
    const count = stored.get(key)?.size ?? summary.decisionCount
    return [key, count === summary.decisionCount ? summary : { ...summary, decisionCount: count }]
  })
  return { decisions: fresh.map(({ decision }) => decision), counted: new Map(counted) }
}

function hasGaps(summary: SagaSummary | undefined): boolean {
  return summary !== undefined && summary.decisionCount !== summary.seqMax
}

function storeEntries(tx: Transaction, entries: readonly DocumentEntry[]): void {
  if (entries.length === 0) return
  const documents = new Map<string, DocumentName & { readonly at: number }>()
  for (const { action, uuid, at } of entries) {
    const known = documents.get(pathOf({ action, uuid }))?.at ?? at
    documents.set(pathOf({ action, uuid }), { action, uuid, at: Math.min(known, at) })
  }
  tx.defer(tx.query(DOCUMENTS_APPEND, documentLists([...documents.values()])))
  tx.defer(tx.query(ENTRIES_APPEND, entryLists(entries)))
}

/** Their entries go with them. */
function removeDocuments(tx: Transaction, names: readonly DocumentName[]): void {
  if (names.length === 0) return
  const sorted = sortedBy(names, pathOf)
  const values = [sorted.map(({ action }) => action), sorted.map(({ uuid }) => uuid)]
  tx.defer(tx.query(DOCUMENTS_REMOVE, values))
  tx.defer(tx.query(ENTRIES_REMOVE, values))
}

async function prune(tx: Transaction, { before, countMax }: Stale): Promise<number> {
  const values = [momentOf(before), countMax]
  const documents = (await tx.query(DOCUMENTS_STALE, values)).rows.map(nameOf)
  removeDocuments(tx, documents)
  const sagas = (await tx.query(SAGAS_STALE, values)).rows.map((row) => String(row['saga_key'])).sort()
  if (sagas.length > 0)
    for (const statement of [SAGAS_REMOVE, DECISIONS_REMOVE, NOTES_REMOVE])
      tx.defer(tx.query(statement, [sagas]))
  return Math.max(documents.length, sagas.length)
}

async function documentsOf(
  db: Queryable,
  names: readonly DocumentName[],
): Promise<readonly StoredDocument[]> {
  if (names.length === 0) return []
  const actions = names.map(({ action }) => action)
  const uuids = names.map(({ uuid }) => uuid)
  const { rows } = await db.query(DOCUMENTS_GET, [actions, uuids, ENTRIES_COUNT_MAX])
  return [...Map.groupBy(rows, (row) => pathOf(nameOf(row))).values()].flatMap((group) => {
    const [first] = group
    if (first === undefined) return []
    return {
      ...nameOf(first),
      createdAt: Number(first['first_at']),
      updatedAt: Number(first['last_at']),
      entryCount: Number(first['entry_count']),
      entries: group.map(entryOf),
    }
  })
}

/** In the order of the statements' parameters. */
function filterValues({ action, status, from, until, saga, words }: DocumentFilter): readonly unknown[] {
  const [since, before] = [from, until].map((time) => (time === null ? null : momentOf(time)))
  return [action, status, since, before, saga, words]
}

function pathOf({ action, uuid }: DocumentName): string {
  return `${action} ${uuid}`
}

/** `action` is what `entryColumns` gave. */
function nameOf(row: Columns): DocumentName {
  return { action: row['action'] as Action, uuid: String(row['uuid']) }
}

/** What JSON can say and a column cannot hold: U+0000 and half a character, unless the backslash is itself a text's. */
const UNKEEPABLE = /(?<!\\)((?:\\\\)*)\\u(?:0000|d[89a-f][0-9a-f]{2})/g

/** Of a JSON text. */
function keepable(json: string): string {
  return json.includes('\\u') ? json.replaceAll(UNKEEPABLE, String.raw`$1\ufffd`) : json
}

/** U+0000 is no character of a column; names that services give have none. */
function sayable(text: string): string {
  return text.replaceAll('\0', '\ufffd')
}

/** In one order for all writers, so that two batches never wait for each other. */
function sortedBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): readonly Item[] {
  const keyed = items.map((item) => ({ item, key: keyOf(item) }))
  return keyed.sort((left, right) => (left.key < right.key ? -1 : 1)).map(({ item }) => item)
}

function columnsOf(state: SagaSummary): Columns {
  const { saga, firstAt, lastAt, version, ...rest } = state
  const { status, standing, waitsFor } = standOf(state)
  return {
    saga_key: sagaKeyOf(saga),
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

/** One row for each saga, in the order of the statement's parameters, as `documentLists` and `entryLists` are. */
function decisionLists(decisions: readonly HistoryMessage[]): readonly unknown[] {
  const bySaga = Map.groupBy(decisions, ({ saga }) => sagaKeyOf(saga))
  const rows = sortedBy([...bySaga], ([key]) => key).map(([key, told]) => ({
    key,
    told: told
      .map(({ seq, at, entries }) => ({ seq, at, entries }))
      .sort((left, right) => left.seq - right.seq),
  }))
  return [
    rows.map(({ key }) => sayable(key)),
    rows.map(({ told }) => told[0]?.seq),
    rows.map(({ told }) => momentOf(told[0]?.at ?? 0)),
    rows.map(({ told }) => keepable(JSON.stringify(told))),
  ]
}

/** `told` is what `decisionLists` gave. */
function decisionsOf({ seq, decided_at: at, entries, told }: Columns): readonly StoredDecision[] {
  if (typeof told === 'string') return JSON.parse(told) as readonly StoredDecision[]
  return [{ seq: Number(seq), at: Number(at), entries: entries as StoredDecision['entries'] }]
}

function noteColumns({ id, saga, at, source, note }: NoteMessage): Columns {
  const { type, operation, attempt, detail } = note
  return { id, saga_key: sagaKeyOf(saga), noted_at: momentOf(at), source, type, operation, attempt, detail }
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

function documentLists(documents: readonly (DocumentName & { readonly at: number })[]): readonly unknown[] {
  const sorted = sortedBy(documents, pathOf)
  return [
    sorted.map(({ action }) => action),
    sorted.map(({ uuid }) => uuid),
    sorted.map(({ at }) => momentOf(at)),
  ]
}

function entryLists(entries: readonly DocumentEntry[]): readonly unknown[] {
  const sorted = sortedBy(entries, ({ eventId, ...name }) => `${pathOf(name)} ${eventId}`)
  return [
    sorted.map(({ action }) => action),
    sorted.map(({ uuid }) => uuid),
    sorted.map(({ eventId }) => sayable(eventId)),
    sorted.map(({ saga }) => (saga === null ? null : sayable(saga))),
    sorted.map(({ at }) => momentOf(at)),
    sorted.map(({ rank }) => rank),
    sorted.map(({ status }) => status),
    sorted.map(({ data }) => keepable(JSON.stringify(data))),
    sorted.map(({ data }) => ` ${wordsOf(data).join(' ')} `),
  ]
}

/** `told` is what `entryLists` gave. */
function entryOf(row: Columns): DocumentEntry {
  const { data, told } = row
  return {
    ...nameOf(row),
    eventId: String(row['event_id']),
    saga: typeof row['saga_key'] === 'string' ? row['saga_key'] : null,
    at: Number(row['happened_at']),
    rank: Number(row['place']),
    status: row['status'] === 'success' ? 'success' : 'failed',
    data: (typeof told === 'string' ? JSON.parse(told) : data) as EntryData,
  }
}
