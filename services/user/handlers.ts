// Owns: which rule answers which request of the user contract, and of the service's own. Decides nothing.
// I1: every claim that a rule takes or releases is named in its needs, so that it is locked before the operations.
import { aggregate, implement, type Implementation, type Rows } from '@ensemble/runtime'
import { user } from '@ensemble/service-contracts'
import { addLogin, own, usernameClaim, type Login } from './login.ts'
import * as rules from './user.ts'
import { emailClaim, type User } from './user.ts'

export interface UserTables {
  readonly users: Rows<User>
  readonly logins: Rows<Login>
}

export function userImplementation(tables: UserTables): Implementation {
  const users = aggregate<User>({ rows: tables.users })
  const logins = aggregate<Login, { owner: User }>({ rows: tables.logins, related: { owner: tables.users } })
  const key = ({ userId }: { readonly userId: string }): string => userId
  const ownEmail = (_input: unknown, state: User | undefined) =>
    state === undefined ? {} : { claims: [emailClaim(state.profile.email)] }
  return implement(
    { ...user, ...own },
    {
      register: users.on(user.register, {
        key,
        needs: ({ profile }) => ({ claims: [emailClaim(profile.email)] }),
        decide: rules.register,
      }),
      remove: users.on(user.remove, { key, needs: ownEmail, decide: rules.remove }),
      verify: users.on(user.verify, { key, decide: rules.verify }),
      update: users.on(user.update, {
        key,
        needs: ({ changes: { email } }, state) =>
          email === undefined || state === undefined
            ? {}
            : { claims: [emailClaim(state.profile.email), emailClaim(email)] },
        decide: rules.update,
      }),
      delete: users.on(user.delete, { key, needs: ownEmail, decide: rules.deleteUser }),
      addLogin: logins.on(own.addLogin, {
        key: ({ loginId }) => loginId,
        needs: ({ userId, username }) => ({ related: { owner: userId }, claims: [usernameClaim(username)] }),
        decide: addLogin,
      }),
    },
  )
}
