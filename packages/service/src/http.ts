// Owns: what the services' own routes share: the id of repeatable work, and the two reads of a table's rows.
// Not here: adapters. Loading this file loads no database, so that routes stay free of it.
// I1: the same key with the same content is the same work, whose stored outcome answers; other content is other work.
import {
  fingerprint,
  idempotencyKey,
  idFromKey,
  listEnvelope,
  listSchema,
  offsetOf,
  pagination,
  problems,
  uuidParam,
  type Found,
  type Problem,
  type Server,
} from '@ensemble/http'
import type * as z from 'zod'

export type WorkRequest = Parameters<typeof idempotencyKey>[0] & {
  readonly method: string
  readonly url: string
  readonly body: unknown
}

/** The id of what a request with an `Idempotency-Key` asks for; undefined without a key. Errors: 400 for a bad key. */
export function workId(request: WorkRequest): string | undefined {
  const key = idempotencyKey(request)
  if (key === undefined) return undefined
  const { method, url: path, body } = request
  return idFromKey(fingerprint({ method, path, body }), key)
}

/** The operation that work asked for over HTTP is, so that its outcome is kept under that id. */
export function operationOf(id: string): string {
  return `http/${id}`
}

/** Options of `execute` for a request that may come twice. */
export function repeatable(request: WorkRequest): { readonly operation?: string } {
  const id = workId(request)
  return id === undefined ? {} : { operation: operationOf(id) }
}

interface AnyRow {
  readonly uuid: string
}

export interface RowReads<Row extends AnyRow> {
  get(uuid: string): Promise<Row | undefined>
  /** Newest first. */
  list(page: { readonly limit: number; readonly offset: number }): Promise<Found<Row>>
}

export interface ReadRoutes<Row extends AnyRow> {
  readonly reads: RowReads<Row>
  readonly row: z.ZodType<Row>
  /** Of the API's document. */
  readonly tag: string
  readonly one: { readonly path: string; readonly summary: string; readonly unknown: () => Problem }
  readonly list: { readonly paths: readonly string[]; readonly summary: string }
}

/** A row by its uuid (`one.path` ends with `/:uuid`), and pages of rows. */
export function readRoutes<Row extends AnyRow>(server: Server, routes: ReadRoutes<Row>): void {
  // Widened, because a route's types cannot be worked out for a row that is not known yet.
  const { reads, row, tag, one, list }: ReadRoutes<AnyRow> = routes
  const tags = [tag]
  server.get(
    one.path,
    {
      schema: {
        tags,
        summary: one.summary,
        params: uuidParam,
        response: { 200: row, ...problems(404) },
      },
    },
    async ({ params: { uuid } }) => {
      const found = await reads.get(uuid)
      if (found === undefined) throw one.unknown()
      return found
    },
  )
  for (const path of list.paths) {
    server.get(
      path,
      {
        schema: {
          tags,
          summary: list.summary,
          querystring: pagination,
          response: { 200: listSchema(row), ...problems(422) },
        },
      },
      async ({ query }) =>
        listEnvelope(query, await reads.list({ limit: query.limit, offset: offsetOf(query) })),
    )
  }
}
