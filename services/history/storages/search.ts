// Owns: facts and outlines in two indices of a search engine, by what Elasticsearch and OpenSearch have in common.
// Does not own: reaching one of them (elasticsearch.ts, opensearch.ts).
// I1: a fact is created once under its key; an outline is replaced where it is, and only by one that knows more.
// I2: every write is refreshed, so that what has resolved is found: one refresh per batch, not per message.
import * as z from 'zod'
import { asking, prepared, StorageError } from './failures.ts'
import { digestOf, type Fact, type OutlineFilter } from './facts.ts'
import type { FactStore } from './folded.ts'

export interface SearchRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
  readonly body?: object
  /** Of a bulk request, instead of a body. */
  readonly lines?: readonly object[]
}

export interface SearchEngine {
  readonly name: string
  /** Answers whatever status it gets; rejects when there is no answer. */
  request(request: SearchRequest): Promise<{ readonly status: number; readonly body: unknown }>
  close(): Promise<void>
}

const PAGE_COUNT_MAX = 1_000
/** How deep a list may be paged into. */
const WINDOW_MAX = 1_000_000
const OK = 200
const CREATED = 201
const BAD = 400
const CONFLICT = 409
const TOO_LARGE = 413

const keyword = { type: 'keyword' }
const long = { type: 'long' }
/** Kept, and not looked into. */
const text = { type: 'keyword', index: false, doc_values: false }

const FACTS = {
  mappings: { dynamic: false, properties: { key: keyword, subject: keyword, at: long, text } },
}
const OUTLINES = {
  settings: { index: { max_result_window: WINDOW_MAX } },
  mappings: {
    dynamic: false,
    properties: {
      subject: keyword,
      kind: keyword,
      told: long,
      family: keyword,
      state: keyword,
      createdAt: long,
      updatedAt: long,
      sagas: keyword,
      words: keyword,
      summary: text,
    },
  },
}

/** Run by the engine. Versions would do without, but are remembered for some time after an outline is forgotten. */
const UNLESS_IT_KNOWS_MORE =
  "if (ctx._source.told < params.outline.told) { ctx._source = params.outline } else { ctx.op = 'none' }"
/** Writers of one outline at a time. */
const CONFLICTS_MAX = 20

const FactRow = z.object({ key: z.string(), subject: z.string(), at: z.number(), text: z.string() })
const OutlineRow = z.object({
  subject: z.string(),
  kind: z.enum(['document', 'saga']),
  told: z.number(),
  family: z.string(),
  state: z.string(),
  createdAt: z.number(),
  updatedAt: z.number(),
  sagas: z.array(z.string()),
  words: z.array(z.string()),
  summary: z.string(),
})
const Item = z.record(z.string(), z.object({ status: z.number(), error: z.unknown().optional() }))
const Bulk = z.object({ errors: z.boolean(), items: z.array(Item) })
const Refused = z.object({ error: z.object({ type: z.string() }) })

function hitsOf<Row extends z.ZodType>(row: Row) {
  const hit = z.object({ _source: row, sort: z.array(z.unknown()).optional() })
  return z.object({ hits: z.object({ total: z.object({ value: z.number() }), hits: z.array(hit) }) })
}

const FactHits = hitsOf(FactRow)
const OutlineHits = hitsOf(OutlineRow)

/** The two indices, made at their first use. */
interface Indices {
  readonly facts: string
  readonly outlines: string
  readonly write: (lines: readonly object[]) => Promise<void>
  readonly search: (index: string, body: object) => Promise<unknown>
  readonly remove: (index: string, filter: readonly object[]) => Promise<void>
  readonly count: (index: string) => Promise<unknown>
}

export function searchFacts(engine: SearchEngine, prefix: string): FactStore {
  const indices = indicesOf(engine, prefix)
  return {
    ...factCalls(indices),
    ...outlineCalls(indices),
    ping: () => indices.count(indices.outlines),
    close: () => engine.close(),
  }
}

function indicesOf(engine: SearchEngine, prefix: string): Indices {
  const facts = `${prefix}-facts`
  const outlines = `${prefix}-outlines`
  const prepare = prepared(async () => {
    await makeIndex(engine, facts, FACTS)
    await makeIndex(engine, outlines, OUTLINES)
  })
  const ask = async (request: SearchRequest): Promise<unknown> => {
    await prepare()
    return await answerOf(engine, request)
  }
  return {
    facts,
    outlines,
    write: async (lines) => {
      if (lines.length === 0) return
      const body = await ask({ method: 'POST', path: '/_bulk', query: { refresh: 'true' }, lines })
      checkItems(engine.name, Bulk.parse(body))
    },
    search: (index, body) => ask({ method: 'POST', path: `/${index}/_search`, body }),
    remove: async (index, filter) => {
      const query = { refresh: 'true', conflicts: 'proceed' }
      const body = { query: { bool: { filter } } }
      await ask({ method: 'POST', path: `/${index}/_delete_by_query`, query, body })
    },
    count: (index) => ask({ method: 'GET', path: `/${index}/_count` }),
  }
}

function factCalls(indices: Indices): Pick<FactStore, 'insert' | 'read' | 'forget'> {
  const { facts, outlines, write, search, remove } = indices
  return {
    insert: (rows) => write(rows.flatMap((row) => [{ create: { _index: facts, _id: row.key } }, row])),
    read: async (subjects) => {
      const found: Fact[] = []
      let after: readonly unknown[] | undefined
      if (subjects.length === 0) return found
      do {
        const { hits } = FactHits.parse(
          await search(facts, {
            query: { terms: { subject: subjects } },
            sort: [{ key: 'asc' }],
            size: PAGE_COUNT_MAX,
            track_total_hits: true,
            ...(after !== undefined && { search_after: after }),
          }),
        ).hits
        found.push(...hits.map(({ _source }) => _source))
        after = hits.length < PAGE_COUNT_MAX ? undefined : hits.at(-1)?.sort
      } while (after !== undefined)
      return found
    },
    forget: async (subjects, before) => {
      const which = { terms: { subject: subjects } }
      await remove(facts, before === null ? [which] : [which, { range: { at: { lt: before } } }])
      await remove(outlines, [which])
    },
  }
}

function outlineCalls({ outlines, write, search }: Indices): Pick<FactStore, 'put' | 'find' | 'stale'> {
  return {
    put: (rows) =>
      write(
        rows.flatMap((row) => {
          const script = { lang: 'painless', source: UNLESS_IT_KNOWS_MORE, params: { outline: row } }
          const where = { _index: outlines, _id: digestOf(row.subject), retry_on_conflict: CONFLICTS_MAX }
          return [{ update: where }, { script, upsert: row }]
        }),
      ),
    find: async ({ limit, offset, ...filter }) => {
      const { hits } = OutlineHits.parse(
        await search(outlines, {
          query: { bool: { filter: filtersOf(filter) } },
          sort: [{ createdAt: 'desc' }, { subject: 'desc' }],
          from: offset,
          size: limit,
          track_total_hits: true,
        }),
      )
      return { total: hits.total.value, outlines: hits.hits.map(({ _source }) => _source) }
    },
    stale: async ({ before, countMax }) => {
      const mayGo = [{ term: { kind: 'document' } }, { term: { state: 'ended' } }]
      const old = [{ range: { updatedAt: { lt: before } } }]
      const query = { bool: { filter: old, should: mayGo, minimum_should_match: 1 } }
      const { hits } = OutlineHits.parse(
        await search(outlines, {
          query,
          sort: [{ updatedAt: 'asc' }],
          size: countMax,
          track_total_hits: true,
        }),
      ).hits
      return hits.map(({ _source }) => _source.subject)
    },
  }
}

function filtersOf({ kind, family, state, from, until, saga, words }: OutlineFilter): readonly object[] {
  const terms: readonly (readonly [string, string | null])[] = [
    ['kind', kind],
    ['family', family],
    ['state', state],
    ['sagas', saga],
    ...words.map((word) => ['words', word] as const),
  ]
  const range = { ...(from !== null && { gte: from }), ...(until !== null && { lt: until }) }
  return [
    ...terms.filter(([, value]) => value !== null).map(([name, value]) => ({ term: { [name]: value } })),
    { range: { createdAt: range } },
  ]
}

async function makeIndex(engine: SearchEngine, name: string, body: object): Promise<void> {
  const request = { method: 'PUT', path: `/${name}`, body } as const
  const { status, body: answer } = await unanswered(engine, () => engine.request(request))
  const isThere = Refused.safeParse(answer).data?.error.type === 'resource_already_exists_exception'
  if (status === OK || isThere) return
  throw new StorageError('CONNECTION', `${engine.name} does not make the index ${name}: ${wordsIn(answer)}`)
}

async function answerOf(engine: SearchEngine, request: SearchRequest): Promise<unknown> {
  const { status, body } = await unanswered(engine, () => engine.request(request))
  if (status === OK || status === CREATED) return body
  const code = status === TOO_LARGE ? 'REFUSED' : 'CONNECTION'
  throw new StorageError(code, `${engine.name} answers ${status} to ${request.path}: ${wordsIn(body)}`)
}

async function unanswered<T>({ name }: SearchEngine, work: () => Promise<T>): Promise<T> {
  return await asking(`${name} does not answer`, work, () => false)
}

/** A fact that is there already is as it should be. */
function checkItems(name: string, { errors, items }: z.infer<typeof Bulk>): void {
  if (!errors) return
  for (const [action, { status, error }] of items.flatMap((item) => Object.entries(item))) {
    if (status < BAD || (status === CONFLICT && action === 'create')) continue
    const code = status === BAD ? 'REFUSED' : 'CONNECTION'
    throw new StorageError(code, `${name} answers ${status} to one of a bulk: ${wordsIn(error)}`)
  }
}

const WORDS_LENGTH_MAX = 500

function wordsIn(body: unknown): string {
  return (typeof body === 'string' ? body : (JSON.stringify(body) ?? '')).slice(0, WORDS_LENGTH_MAX)
}
