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
  type Ids,
  type Problem,
  type Routes,
} from '@ensemble/http'
import type { InputOf, OutcomeOf, RequestRef, RequestSpec } from '@ensemble/core'
import { profileChangesOf, user, UserChanges, UserResult, UserRow } from '@ensemble/service-contracts'
import type { UserReads } from './user-store.ts'

export interface Executor {
  execute<S extends RequestSpec>(
    ref: RequestRef<S>,
    input: InputOf<S>,
    options?: { readonly operation?: string },
  ): Promise<OutcomeOf<S>>
}

export interface UserHttp {
  readonly host: Executor
  readonly reads: UserReads
  readonly ids: Ids
}

type Answered = OutcomeOf<(typeof user)['update']['spec']> | OutcomeOf<(typeof user)['delete']['spec']>
type Refusal = Extract<Answered, { status: 'rejected' }>

export function userRoutes({ host, reads, ids }: UserHttp): Routes {
  return (server) => {
    server.get(
      '/v2/user/get/:uuid',
      { schema: { tags: ['user'], summary: 'A user', params: uuidParam, response: { 200: UserRow, ...problems(404) } } },
      async ({ params: { uuid } }) => {
        const found = await reads.get(uuid)
        if (found === undefined) throw notFound('unknown-user', 'There is no user with this uuid.')
        return found
      },
    )
    server.get(
      '/v2/user/list',
      { schema: { tags: ['user'], summary: 'Users, newest first', querystring: pagination, response: { 200: listSchema(UserRow) } } },
      async ({ query }) => listEnvelope(query, await reads.list({ limit: query.limit, offset: offsetOf(query) })),
    )
    for (const version of ['v1', 'v2']) {
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
          const { uuid } = request.params
          const operation = operationOf(request, ids)
          const changes = profileChangesOf(request.body)
          const outcome = await host.execute(user.update, { userId: uuid, changes }, { operation })
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
          const operation = operationOf(request, ids)
          const outcome = await host.execute(user.delete, { userId: request.params.uuid }, { operation })
          if (outcome.status === 'rejected') throw problemOf(outcome)
          return outcome.output
        },
      )
    }
  }
}

/** The same key with the same content is the same operation, whose stored outcome answers. */
function operationOf(request: Parameters<typeof idempotencyKey>[0] & Asked, ids: Ids): string {
  const { method, url: path, body } = request
  const key = idempotencyKey(request)
  return `http/${key === undefined ? ids.uuid() : idFromKey(fingerprint({ method, path, body }), key)}`
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
