// Owns: which rule answers which request of the user contract. Decides nothing.
// I1: every claim that a rule takes or releases is named in its needs, so that it is locked before the operations.
import { aggregate, implement, type Implementation, type Rows } from '@ensemble/runtime'
import { user } from '@ensemble/service-contracts'
import * as rules from './user.ts'
import { emailClaim, type User } from './user.ts'

export function userImplementation(tables: { readonly users: Rows<User> }): Implementation {
  const users = aggregate<User>({ rows: tables.users })
  const key = ({ userId }: { readonly userId: string }): string => userId
  const ownEmail = (_input: unknown, state: User | undefined) =>
    state === undefined ? {} : { claims: [emailClaim(state.profile.email)] }
  return implement(user, {
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
  })
}
