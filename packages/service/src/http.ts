// Owns: what the services' own routes share: the id of repeatable work, and the two reads of a table's rows.
// Not here: adapters. Loading this file loads no database, so that routes stay free of it.
// I1: the same key with the same content of the same caller is the same work, whose stored outcome answers; any other
// is other work.
import {
  allow,
  fingerprint,
  idempotencyKey,
  idFromKey,
  listEnvelope,
  listSchema,
  offsetOf,
  ownerFor,
  pagination,
  problems,
  refuseOthers,
  scopeOf,
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
  const caller = scopeOf(request)
  const headers = caller === '' ? {} : { caller }
  return idFromKey(fingerprint({ method, path, body, headers }), key)
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
  /** Newest first; only those of `owner` where one is named. */
  list(page: {
    readonly limit: number
    readonly offset: number
    readonly owner?: string | undefined
  }): Promise<Found<Row>>
}

export interface ReadRoutes<Row extends AnyRow> {
  readonly reads: RowReads<Row>
  readonly row: z.ZodType<Row>
  /** Of the API's document, and of the permissions: `<tag>:read` for all rows, `<tag>:own` for one's own. */
  readonly tag: string
  /** The user whose row it is. */
  ownerOf(row: Row): string
  readonly one: { readonly path: string; readonly summary: string; readonly unknown: () => Problem }
  readonly list: { readonly paths: readonly string[]; readonly summary: string }
}

/** A row by its uuid (`one.path` ends with `/:uuid`), and pages of rows. */
export function readRoutes<Row extends AnyRow>(server: Server, routes: ReadRoutes<Row>): void {
  // Widened, because a route's types cannot be worked out for a row that is not known yet.
  const wide: ReadRoutes<AnyRow> = routes
  const { reads, row, tag, one, list } = wide
  const tags = [tag]
  const all = `${tag}:read`
  const config = allow(all, `${tag}:own`)
  server.get(
    one.path,
    {
      schema: {
        tags,
        summary: one.summary,
        params: uuidParam,
        response: { 200: row, ...problems(401, 403, 404, 422) },
      },
      config,
    },
    async (request) => {
      const found = await reads.get(request.params.uuid)
      if (found === undefined) throw one.unknown()
      refuseOthers(all, request, wide.ownerOf(found))
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
          response: { 200: listSchema(row), ...problems(401, 403, 422) },
        },
        config,
      },
      async (request) => {
        const { query } = request
        const page = { limit: query.limit, offset: offsetOf(query), owner: ownerFor(all, request) }
        return listEnvelope(query, await reads.list(page))
      },
    )
  }
}
