// Owns: the routes of logins: making one, reading them, and asking whose a name and a password are.
// Not here: tokens (the auth service).
// I1: no answer holds a password or its hash.
// I2: the row of a login is what remembers an Idempotency-Key: its uuid is made of the key, and whether a repeated
// request is the same is asked of the row, the password by its hash. So nothing is kept of a body with a password.
// I3: a wrong password and an unknown name have one answer.
// I4: nobody gives a login more than he may do himself.
import {
  allow,
  callerOf,
  conflict,
  forbidden,
  idempotencyKey,
  idFromKey,
  listEnvelope,
  listSchema,
  notFound,
  offsetOf,
  pagination,
  problem,
  problems,
  queuedEnvelope,
  queuedEnvelopeSchema,
  scopeOf,
  unprocessable,
  type Called,
  type Problem,
  type Routes,
  type Server,
} from '@ensemble/http'
import type { OutcomeOf } from '@ensemble/core'
import type { Host, Ids } from '@ensemble/runtime'
import {
  isWithin,
  LoginQueued,
  LoginRequest,
  LoginRow,
  Session,
  SessionRequest,
} from '@ensemble/service-contracts'
import type { Gate, Verdict } from './gate.ts'
import { own, rowOf, type Login } from './login.ts'
import type { LoginReads, LoginStore } from './login-store.ts'
import type { UserReads } from './user-store.ts'

export interface LoginHttp {
  readonly host: Pick<Host, 'execute'>
  readonly gate: Gate
  readonly logins: Pick<LoginStore, 'owner' | 'find' | 'known' | 'permissions'>
  readonly reads: LoginReads
  /** As fresh as what is written. */
  readonly users: Pick<UserReads, 'get'>
  readonly ids: Pick<Ids, 'next'>
}

type Refusal = Extract<OutcomeOf<(typeof own)['addLogin']['spec']>, { status: 'rejected' }>

const tags = ['login']
const Queued = queuedEnvelopeSchema(LoginQueued)

export function loginRoutes(http: LoginHttp): Routes {
  return (server) => {
    addRoute(server, http)
    readRoutes(server, http)
    sessionRoute(server, http)
  }
}

function addRoute(server: Server, http: LoginHttp): void {
  server.post(
    '/v1/login',
    {
      schema: {
        tags,
        summary: 'Gives a user a login',
        description:
          'Decided when it is answered. A username belongs to one login for ever, whatever its case. Of a password ' +
          'only a hash (argon2id) is kept. Under an `Idempotency-Key` that made a login already, the same body is ' +
          'answered the same, any other is 422; the password is compared with the hash.',
        body: LoginRequest,
        response: { 200: Queued, ...problems(401, 403, 409, 422, 429, 503) },
      },
      config: allow('login:write'),
    },
    async (request, reply) => {
      await refuseMore(http, request, request.body.id_roles)
      const key = idempotencyKey(request)
      const uuid = key === undefined ? http.ids.next() : idFromKey(`POST /v1/login${scopeOf(request)}`, key)
      const { login, isNew } = await added(http, { uuid, isKeyed: key !== undefined, body: request.body })
      if (!isNew) reply.header('idempotency-replayed', 'true')
      const data = LoginQueued.parse(login)
      return queuedEnvelope({ uuid, action: 'login', data, createdAt: Date.parse(login.created_at) })
    },
  )
}

async function refuseMore({ logins }: LoginHttp, request: Called, roleId: string): Promise<void> {
  const caller = callerOf(request)
  if (caller === undefined) return
  const wanted = await logins.permissions(roleId)
  if (!isWithin(wanted, caller.permissions)) throw forbidden(wanted)
}

interface Adding {
  readonly uuid: string
  readonly isKeyed: boolean
  readonly body: LoginRequest
}

interface Added {
  readonly login: LoginRow
  readonly isNew: boolean
}

async function added(http: LoginHttp, { uuid, isKeyed, body }: Adding): Promise<Added> {
  const { host, gate, logins } = http
  const before = isKeyed ? await logins.find(uuid) : undefined
  if (before !== undefined) return await repeated(gate, before, body)
  const userId = await logins.owner(body)
  if (userId === undefined) throw unknownUser(body)
  const passwordHash = await gate.hash(body.password)
  const { username, id_roles: roleId } = body
  const input = { loginId: uuid, userId, username, passwordHash, roleId }
  const outcome = await host.execute(own.addLogin, input)
  if (outcome.status === 'succeeded') return { login: outcome.output, isNew: true }
  const twin = outcome.rejection === 'login_exists' ? await logins.find(uuid) : undefined
  if (twin !== undefined) return await repeated(gate, twin, body)
  throw problemOf(outcome, body)
}

/** The first answer again, for the request that made this login. */
async function repeated(gate: Gate, login: Login, body: LoginRequest): Promise<Added> {
  const row = rowOf(login)
  const {
    id_user: idUser = row.id_user,
    uuid_user: userId = row.uuid_user,
    username,
    id_roles: roleId,
  } = body
  const isSame =
    row.id_user === idUser && row.uuid_user === userId && row.username === username && row.id_roles === roleId
  if (!isSame) throw keyReused()
  const verdict = await gate.check(body, async () => ({ login }))
  if (verdict.status === 'resting') throw resting(verdict)
  if (verdict.status === 'wrong') throw keyReused()
  return { login: row, isNew: false }
}

function readRoutes(server: Server, { reads }: LoginHttp): void {
  server.get(
    '/v1/login/get',
    {
      schema: {
        tags,
        summary: 'A login by its username',
        querystring: SessionRequest.pick({ username: true }),
        response: { 200: LoginRow, ...problems(401, 403, 404, 422) },
      },
      config: allow('login:read'),
    },
    async ({ query: { username } }) => {
      const found = await reads.get(username)
      if (found === undefined) throw notFound('unknown-login', 'There is no login with this username.')
      return found
    },
  )
  server.get(
    '/v1/login/list',
    {
      schema: {
        tags,
        summary: 'Logins, newest first',
        querystring: pagination,
        response: { 200: listSchema(LoginRow), ...problems(401, 403, 422) },
      },
      config: allow('login:read'),
    },
    async ({ query }) =>
      listEnvelope(query, await reads.list({ limit: query.limit, offset: offsetOf(query) })),
  )
}

function sessionRoute(server: Server, { gate, logins, users }: LoginHttp): void {
  server.post(
    '/v1/login/session',
    {
      schema: {
        tags,
        summary: 'Whose a username and a password are, and what they may do',
        description:
          'A wrong password and an unknown username have the same answer, 401. From the fifth wrong password in a ' +
          'row on a username rests for a while, whether somebody has it or not: 429 with Retry-After.',
        body: SessionRequest,
        response: { 200: Session, ...problems(401, 403, 422, 429, 503) },
      },
      config: allow('login:check'),
    },
    async ({ body }, reply) => {
      reply.header('cache-control', 'no-store')
      const verdict = await gate.check(body, () => logins.known(body.username))
      if (verdict.status === 'resting') throw resting(verdict)
      if (verdict.status === 'wrong') throw loginFailed()
      const { login, role } = verdict.found
      const session = await users.get(login.userId)
      // Deleted this very moment.
      if (session === undefined) throw loginFailed()
      return { login: rowOf(login), session, role }
    },
  )
}

function loginFailed(): Problem {
  return problem(401, 'login-failed', 'The username or the password is wrong.')
}

function resting({ ms }: Extract<Verdict<unknown>, { status: 'resting' }>): Problem {
  const headers = { 'retry-after': String(Math.ceil(ms / 1_000)) }
  return problem(429, 'too-many-attempts', 'Too many wrong passwords for this username; try again later.', {
    headers,
  })
}

function keyReused(): Problem {
  return problem(422, 'idempotency-key-reused', 'This Idempotency-Key was used for another request.')
}

function unknownUser(body: LoginRequest): Problem {
  const field = body.id_user === undefined ? '/uuid_user' : '/id_user'
  const fix = 'send the id_user or the uuid_user of a user, as GET /v2/user/list shows them'
  return unprocessable([{ field, message: 'names no user', fix }])
}

function problemOf(refusal: Refusal, body: LoginRequest): Problem {
  const members = { rejection: refusal.rejection, data: refusal.data }
  switch (refusal.rejection) {
    case 'unknown_user':
      return unknownUser(body)
    case 'duplicate_username':
      return conflict('duplicate-username', 'Another login has this username.', { members })
    case 'login_exists':
      return keyReused()
    default:
      return refusal satisfies never
  }
}
