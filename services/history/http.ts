// Owns: history's own routes: the documents of the v1 contract and the sagas' timelines.
import {
  allow,
  callerOf,
  forbidden,
  historyDocumentSchema,
  listEnvelope,
  listSchema,
  notFound,
  offsetOf,
  ownerFor,
  pagination,
  problems,
  type Called,
  type HistoryDocument,
  type Pagination,
  type Problem,
  type Routes,
  type Server,
} from '@ensemble/http'
import { isRecord } from '@ensemble/core'
import type { Ids } from '@ensemble/runtime'
import { workId, type WorkRequest } from '@ensemble/service/http'
import { LoggerDocument, LoggerEntry, placeOrder, registerUser } from '@ensemble/service-contracts'
import * as z from 'zod'
import { documentOf, type Action, type StoredDocument } from './documents.ts'
import { RANK_SAVED } from './intake.ts'
import { STANDINGS } from './standing.ts'
import type { DocumentFilter, DocumentName, HistoryStorage, Page } from './storage.ts'
import { sagaRowOf, timelineOf, type StoredSaga } from './timeline.ts'
import { wordsIn } from './words.ts'

export interface HistoryHttp {
  readonly storage: Omit<HistoryStorage, 'record' | 'prune' | 'ping'>
  readonly ids: Pick<Ids, 'next'>
}

const ALL = 'history:read'
const ALL_SAGAS = 'saga:read'
const OWN: Readonly<Record<Action, string>> = {
  users: 'user:own',
  order: 'order:own',
  payment: 'payment:own',
}

/** What lets a user see the sagas of a plan that began with his id. */
const OWN_SAGAS: Readonly<Record<string, string>> = {
  [placeOrder.name]: 'order:own',
  [registerUser.name]: 'user:own',
}

const PLAN_NAME_MAX = 100
const SAGA_ID_MAX = 200

const TEXT_MAX = 200

const Moment = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text))

const DocumentQuery = z.object({
  ...pagination.shape,
  action: LoggerDocument.shape.action.optional(),
  status: LoggerEntry.shape.status.optional().describe('Of its last entry'),
  from: Moment.optional().describe('It began then or later'),
  until: Moment.optional().describe('It began before'),
  saga: z
    .string()
    .max(PLAN_NAME_MAX + 1 + SAGA_ID_MAX)
    .optional()
    .describe('`<plan>/<id>`: one of its entries tells of that saga'),
  text: z.string().max(TEXT_MAX).optional().describe('All of these words are in what it says'),
})

const SagaParams = z.object({ plan: z.string().max(PLAN_NAME_MAX), id: z.string().max(SAGA_ID_MAX) })
const SagaQuery = z.object({
  ...pagination.shape,
  plan: z.string().max(PLAN_NAME_MAX).optional(),
  standing: z.enum(STANDINGS).optional(),
})

const SagaRow = z.object({
  saga: z.object({ plan: z.string(), id: z.string(), pattern: z.enum(['orchestration', 'choreography']) }),
  status: z.enum(['running', 'completed', 'compensated']),
  standing: z.enum(STANDINGS),
  waits_for: z
    .object({
      participant: z.string(),
      step: z.string(),
      direction: z.enum(['run', 'undo']),
      until: z.string().nullable(),
    })
    .nullable(),
  complete: z.boolean().describe('False while numbered entries are missing'),
  started_at: z.string(),
  updated_at: z.string(),
})

const Timeline = z.object({
  ...SagaRow.shape,
  entries: z.array(z.looseObject({ seq: z.int(), at: z.string(), type: z.string() })),
  notes: z.array(
    z.object({
      at: z.string(),
      source: z.string(),
      type: z.string(),
      operation: z.string().nullable(),
      attempt: z.int(),
      detail: z.string(),
    }),
  ),
})

export function historyRoutes(http: HistoryHttp): Routes {
  return (server) => {
    saveRoute(server, http)
    documentRoutes(server, http)
    sagaRoutes(server, http)
  }
}

function saveRoute(server: Server, http: HistoryHttp): void {
  server.post(
    '/v1/logger',
    {
      schema: {
        tags: ['history'],
        summary: 'Appends an entry to a document and answers the document',
        body: LoggerEntry,
        response: { 200: historyDocumentSchema, ...problems(401, 403, 422) },
      },
      config: allow('history:write'),
    },
    (request) => saved(http, request),
  )
}

type Saving = WorkRequest & { readonly body: z.infer<typeof LoggerEntry> }

/** The same key with the same content is the same entry. */
async function saved({ storage, ids }: HistoryHttp, request: Saving): Promise<HistoryDocument> {
  const { action, uuid, status, data } = request.body
  const id = workId(request) ?? ids.next()
  return documentOf(
    await storage.save({ action, uuid, eventId: `saved/${id}`, saga: null, rank: RANK_SAVED, status, data }),
  )
}

function documentRoutes(server: Server, { storage }: HistoryHttp): void {
  const found = async (request: Called, of: DocumentName): Promise<HistoryDocument> => {
    const stored = await storage.document(of)
    if (stored === undefined) throw unknownDocument()
    refuseOthersDocument(request, stored)
    return documentOf(stored)
  }
  const response = { 200: historyDocumentSchema, ...problems(401, 403, 404, 422) }
  const config = allow(ALL, 'user:own', 'order:own', 'payment:own')
  server.post(
    '/v1/logger/get',
    { schema: { tags: ['history'], summary: 'A document', body: LoggerDocument, response }, config },
    async (request) => found(request, request.body),
  )
  server.get(
    '/v1/logger/:action/:uuid',
    { schema: { tags: ['history'], summary: 'A document', params: LoggerDocument, response }, config },
    async (request) => found(request, request.params),
  )
  server.post(
    '/v1/logger/all',
    {
      schema: {
        tags: ['history'],
        summary: 'A page of the documents of one kind, newest first',
        querystring: pagination,
        body: LoggerDocument.pick({ action: true }),
        response: { 200: z.array(historyDocumentSchema), ...problems(401, 403, 422) },
      },
      config: allow(ALL),
    },
    async ({ body: { action }, query }) => {
      const { results } = await storage.documents({ ...filterOf({ action }), ...pageOf(query) })
      return results.map(documentOf)
    },
  )
  server.get(
    '/v1/logger',
    {
      schema: {
        tags: ['history'],
        summary: 'The documents that match, newest first',
        querystring: DocumentQuery,
        response: { 200: listSchema(historyDocumentSchema), ...problems(401, 403, 422) },
      },
      config: allow(ALL),
    },
    async ({ query }) => {
      const { total, results } = await storage.documents({ ...filterOf(query), ...pageOf(query) })
      return listEnvelope(query, { total, results: results.map(documentOf) })
    },
  )
}

function filterOf(query: Partial<z.infer<typeof DocumentQuery>>): DocumentFilter {
  const { action = null, status = null, from = null, until = null, saga = null, text = '' } = query
  return { action, status, from, until, saga, words: wordsIn(text) }
}

function pageOf(query: Pagination): Page {
  return { limit: query.limit, offset: offsetOf(query) }
}

/** Errors: 403 for a document that does not name the caller as whose it is, unless he may read all. */
function refuseOthersDocument(request: Called, { action, uuid, entries }: StoredDocument): void {
  const owner = ownerFor(ALL, request)
  if (owner === undefined) return
  const own = OWN[action]
  const isOwn = uuid === owner || entries.some(({ data }) => userOf(data.result) === owner)
  if (!isOwn || callerOf(request)?.permissions.has(own) !== true) throw forbidden([ALL])
}

function userOf(result: unknown): unknown {
  return isRecord(result) ? result['uuid_user'] : undefined
}

interface Owned {
  readonly stored: StoredSaga
  readonly owner: string
}

/** Errors: 403 for a saga whose start does not name the caller. */
function refuseOthersSaga(request: Called, { stored: { summary, decisions }, owner }: Owned): void {
  const own = OWN_SAGAS[summary.saga.plan]
  const started = decisions.flatMap(({ entries }) => entries).find(({ type }) => type === 'started')
  const isOwn = started?.type === 'started' && isRecord(started.input) && started.input['userId'] === owner
  if (!isOwn || own === undefined || callerOf(request)?.permissions.has(own) !== true)
    throw forbidden([ALL_SAGAS])
}

function sagaRoutes(server: Server, { storage }: HistoryHttp): void {
  server.get(
    '/v1/saga/:plan/:id',
    {
      schema: {
        tags: ['saga'],
        summary: 'What a saga did, and where it stands',
        params: SagaParams,
        response: { 200: Timeline, ...problems(401, 403, 404) },
      },
      config: allow(ALL_SAGAS, ...Object.values(OWN_SAGAS)),
    },
    async (request) => {
      const stored = await storage.saga(request.params)
      if (stored === undefined) throw notFound('unknown-saga', 'History knows no saga of this plan and id.')
      const owner = ownerFor(ALL_SAGAS, request)
      if (owner === undefined) return timelineOf(stored)
      refuseOthersSaga(request, { stored, owner })
      // Notes are for who runs the system.
      return timelineOf({ ...stored, notes: [] })
    },
  )
  server.get(
    '/v1/saga',
    {
      schema: {
        tags: ['saga'],
        summary: 'Sagas, newest first',
        querystring: SagaQuery,
        response: { 200: listSchema(SagaRow), ...problems(401, 403, 422) },
      },
      config: allow(ALL_SAGAS),
    },
    async ({ query }) => {
      const { plan = null, standing = null } = query
      const { total, results } = await storage.sagas({ plan, standing, ...pageOf(query) })
      return listEnvelope(query, { total, results: results.map(sagaRowOf) })
    },
  )
}

function unknownDocument(): Problem {
  return notFound('unknown-document', 'History knows no document of this action and uuid.')
}
