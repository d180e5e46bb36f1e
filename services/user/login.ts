// Owns: the rule about making a login, and the request that asks for it. Pure.
// Does not own: passwords and guessing (@ensemble/service, gate.ts), tables (login-store.ts).
// I1: the request is this service's own, not of its contract: its input holds a password's hash, which no message may.
// I2: what is answered and published is `rowOf`, which has no hash.
// I3: a username belongs to one login for ever: whoever had it is never taken for somebody else.
import { command, participant, rejected, succeeded, type OutcomeOf, type Time } from '@ensemble/core'
import type { AggregateContext, Change } from '@ensemble/runtime'
import { LoginRow, momentOf, rowIdOf } from '@ensemble/service-contracts'
import * as z from 'zod'
import type { User } from './user.ts'

export const own = participant('user', {
  addLogin: command({
    input: z.object({
      loginId: z.string(),
      userId: z.string(),
      username: z.string(),
      passwordHash: z.string(),
      roleId: z.string(),
    }),
    output: LoginRow,
    rejections: {
      unknown_user: z.object({ uuid_user: z.string() }),
      duplicate_username: z.object({ username: z.string() }),
      /** Twins under one key: another one was first. */
      login_exists: z.object({ uuid: z.string() }),
    },
    event: 'login-created',
  }),
})

type AddLogin = (typeof own)['addLogin']['spec']

/** What of a login anybody may see. */
export interface ShownLogin {
  readonly uuid: string
  readonly userId: string
  readonly username: string
  readonly roleId: string
  readonly createdAt: Time
  readonly updatedAt: Time
  readonly deletedAt: Time | null
}

export interface Login extends ShownLogin {
  /** A PHC string. */
  readonly passwordHash: string
  /** As it was read; 0 for a new row. */
  readonly version: number
}

export function usernameClaim(username: string): string {
  return `username:${username}`
}

export function addLogin(
  state: Login | undefined,
  input: z.infer<AddLogin['input']>,
  context: Pick<AggregateContext<{ owner: User }>, 'now' | 'holder' | 'related'>,
): Change<Login, unknown, never, OutcomeOf<AddLogin>> {
  const { loginId, userId, username, passwordHash, roleId } = input
  const { now, related, holder } = context
  if (state !== undefined) return { outcome: rejected('login_exists', { uuid: loginId }) }
  if (related.owner === undefined || related.owner.deletedAt !== null) {
    return { outcome: rejected('unknown_user', { uuid_user: userId }) }
  }
  if (holder(usernameClaim(username)) !== null) {
    return { outcome: rejected('duplicate_username', { username }) }
  }
  const next: Login = {
    uuid: loginId,
    userId,
    username,
    passwordHash,
    roleId,
    createdAt: now,
    updatedAt: now,
    deletedAt: null,
    version: 0,
  }
  return { outcome: succeeded(rowOf(next)), state: next, claim: [usernameClaim(username)] }
}

export function rowOf(login: ShownLogin): LoginRow {
  return {
    uuid: login.uuid,
    id_user: rowIdOf(login.userId),
    uuid_user: login.userId,
    username: login.username,
    id_roles: login.roleId,
    created_at: momentOf(login.createdAt),
    update_at: momentOf(login.updatedAt),
    deleted_at: login.deletedAt === null ? null : momentOf(login.deletedAt),
  }
}
