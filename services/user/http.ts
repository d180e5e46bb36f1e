// Owns: the user service's own routes: reads of its table, and the writes that it decides by itself.
// Not here: what starts a saga or reads history (the gateway).
import {
  allow,
  conflict,
  notFound,
  problems,
  refuseOthers,
  uuidParam,
  type Problem,
  type ProblemExtra,
  type Routes,
  type Server,
} from '@ensemble/http'
import type { OutcomeOf } from '@ensemble/core'
import type { Host } from '@ensemble/runtime'
import { readRoutes, repeatable } from '@ensemble/service/http'
import { profileChangesOf, user, UserChanges, UserResult, UserRow } from '@ensemble/service-contracts'
import type { UserReads } from './user-store.ts'

export interface UserHttp {
  readonly host: Pick<Host, 'execute'>
  readonly reads: UserReads
}

type Answered = OutcomeOf<(typeof user)['update']['spec']> | OutcomeOf<(typeof user)['delete']['spec']>
type Refusal = Extract<Answered, { status: 'rejected' }>

const WRITE = allow('user:write', 'user:own')

export function userRoutes({ host, reads }: UserHttp): Routes {
  return (server) => {
    readRoutes(server, {
      reads,
      row: UserRow,
      tag: 'user',
      ownerOf: ({ uuid }) => uuid,
      one: { path: '/v2/user/get/:uuid', summary: 'A user', unknown: unknownUser },
      list: { paths: ['/v2/user/list'], summary: 'Users, newest first' },
    })
    for (const version of ['v1', 'v2']) writeRoutes(server, host, version)
  }
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
        response: { 200: UserResult, ...problems(401, 403, 404, 409, 422) },
      },
      config: WRITE,
    },
    async (request) => {
      refuseOthers('user:write', request, request.params.uuid)
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
        response: { 200: UserResult, ...problems(401, 403, 404) },
      },
      config: WRITE,
    },
    async (request) => {
      refuseOthers('user:write', request, request.params.uuid)
      const outcome = await host.execute(user.delete, { userId: request.params.uuid }, repeatable(request))
      if (outcome.status === 'rejected') throw problemOf(outcome)
      return outcome.output
    },
  )
}

function unknownUser(extra: ProblemExtra = {}): Problem {
  return notFound('unknown-user', 'There is no user with this uuid.', extra)
}

function problemOf(refusal: Refusal): Problem {
  const members = { rejection: refusal.rejection, data: refusal.data }
  switch (refusal.rejection) {
    case 'unknown_user':
      return unknownUser({ members })
    case 'duplicate_email':
      return conflict('duplicate-email', 'Another user has this e-mail address.', { members })
    default:
      return refusal satisfies never
  }
}
