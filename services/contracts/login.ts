// Owns: what logins look like from outside: bodies, answers, the event. No behaviour.
// I1: a password is in the two bodies and nowhere else; its hash is in nothing that is named here.
import * as z from 'zod'
import { ROLE } from './lookups.ts'
import { UserRow } from './user.ts'
import { idIn, Moment, NewPassword, Password, RowId, Username, Uuid } from './values.ts'

/** Body of POST /v1/login. The user is named by the id that reads show, or by the uuid. */
export const LoginRequest = z
  .object({
    id_user: RowId.optional(),
    uuid_user: Uuid.optional().describe('Instead of `id_user`'),
    username: Username,
    password: NewPassword,
    id_roles: idIn(ROLE),
  })
  .refine((body) => (body.id_user === undefined) !== (body.uuid_user === undefined), {
    path: ['id_user'],
    error: 'is given beside uuid_user',
    params: { fix: 'send one of id_user and uuid_user' },
  })
export type LoginRequest = z.infer<typeof LoginRequest>

/** Body of POST /v1/login/session. */
export const SessionRequest = z.object({ username: Username, password: Password })

/** A login as reads, the event and history show it. */
export const LoginRow = z.object({
  uuid: Uuid,
  id_user: z.string(),
  uuid_user: Uuid,
  username: z.string(),
  id_roles: z.string(),
  created_at: Moment,
  update_at: Moment.describe('Spelled so by the contract'),
  deleted_at: Moment.nullable(),
})
export type LoginRow = z.infer<typeof LoginRow>

/** What the envelope of POST /v1/login echoes. */
export const LoginQueued = LoginRow.pick({ id_user: true, uuid_user: true, username: true, id_roles: true })

/** Who a name and its password belong to. */
export const Session = z.object({
  login: LoginRow,
  session: UserRow,
  role: z.object({
    id_roles: z.string(),
    nm_roles: z.string(),
    acl: z.array(z.string()).describe('What it may do: `<resource>:read`, `:write`, or `:own` for its own'),
  }),
})
export type Session = z.infer<typeof Session>

/** Published when a login was made. Data: LoginRow. */
export const LOGIN_CREATED = 'user.login-created'
