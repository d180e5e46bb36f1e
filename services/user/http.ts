// Owns: the user service's own routes: reads of its table, and the writes that it decides by itself.
// Not here: what starts a saga or reads history (the gateway).
import {
  conflict,
  fingerprint,
  idempotencyKey,
  idFromKey,
  listEnvelope,
  listSchema,
  notFound,
  offsetOf,
  pagination,
  problems,
  uuidParam,
  type Problem,
  type Routes,
  type Server,
} from '@ensemble/http'
import type { OutcomeOf } from '@ensemble/core'
import type { Host } from '@ensemble/runtime'
import { profileChangesOf, user, UserChanges, UserResult, UserRow } from '@ensemble/service-contracts'
import type { UserReads } from './user-store.ts'

export interface UserHttp {
  readonly host: Pick<Host, 'execute'>
  readonly reads: UserReads
}

type Answered = OutcomeOf<(typeof user)['update']['spec']> | OutcomeOf<(typeof user)['delete']['spec']>
type Refusal = Extract<Answered, { status: 'rejected' }>

export function userRoutes({ host, reads }: UserHttp): Routes {
  return (server) => {
    readRoutes(server, reads)
    for (const version of ['v1', 'v2']) writeRoutes(server, host, version)
  }
}

function readRoutes(server: Server, reads: UserReads): void {
  server.get(
    '/v2/user/get/:uuid',
    {
      schema: {
        tags: ['user'],
        summary: 'A user',
        params: uuidParam,
        response: { 200: UserRow, ...problems(404) },
      },
    },
    async ({ params: { uuid } }) => {
      const found = await reads.get(uuid)
      if (found === undefined) throw notFound('unknown-user', 'There is no user with this uuid.')
      return found
    },
  )
  server.get(
    '/v2/user/list',
    {
      schema: {
        tags: ['user'],
        summary: 'Users, newest first',
        querystring: pagination,
        response: { 200: listSchema(UserRow), ...problems(422) },
      },
    },
    async ({ query }) =>
      listEnvelope(query, await reads.list({ limit: query.limit, offset: offsetOf(query) })),
  )
}

function writeRoutes(server: Server, host: UserHttp['host'], version: string): void {
  server.put(
    `/${version}/user/:uuid`,
    {
      schema: {
        tags: ['user'],
        summary: 'Changes the fields that the body names',
        params: uuidParam,
        body: UserChanges,
        response: { 200: UserResult, ...problems(404, 409, 422) },
      },
    },
    async (request) => {
      const input = { userId: request.params.uuid, changes: profileChangesOf(request.body) }
      const outcome = await host.execute(user.update, input, repeatable(request))
      if (outcome.status === 'rejected') throw problemOf(outcome)
      return outcome.output
    },
  )
  server.delete(
    `/${version}/user/:uuid`,
    {
      schema: {
        tags: ['user'],
        summary: 'Deletes a user; the e-mail address is free again',
        params: uuidParam,
        response: { 200: UserResult, ...problems(404) },
      },
    },
    async (request) => {
      const outcome = await host.execute(user.delete, { userId: request.params.uuid }, repeatable(request))
      if (outcome.status === 'rejected') throw problemOf(outcome)
      return outcome.output
    },
  )
}

/** The same key with the same content is the same operation, whose stored outcome answers. */
function repeatable(request: Parameters<typeof idempotencyKey>[0] & Asked): { readonly operation?: string } {
  const key = idempotencyKey(request)
  if (key === undefined) return {}
  const { method, url: path, body } = request
  return { operation: `http/${idFromKey(fingerprint({ method, path, body }), key)}` }
}

interface Asked {
  readonly method: string
  readonly url: string
  readonly body: unknown
}

function problemOf(refusal: Refusal): Problem {
  const members = { rejection: refusal.rejection, data: refusal.data }
  switch (refusal.rejection) {
    case 'unknown_user':
      return notFound('unknown-user', 'There is no user with this uuid.', { members })
    case 'duplicate_email':
      return conflict('duplicate-email', 'Another user has this e-mail address.', { members })
    default:
      return refusal satisfies never
  }
}
