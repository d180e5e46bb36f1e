// Owns: the plan of a registration. Runnable either way. The saga's id is the user's uuid.
import { saga } from '@ensemble/core'
import * as z from 'zod'
import { notification } from '../notification.ts'
import { Profile, profileOf, user } from '../user.ts'
import type { UserRequest } from '../user.ts'
import { Uuid } from '../values.ts'

export const RegisterUser = z.object({ userId: Uuid, profile: Profile })
export type RegisterUser = z.infer<typeof RegisterUser>

/** What `user.register` starts with, from a request's body. */
export function registerUserInput(userId: string, request: UserRequest): RegisterUser {
  return { userId, profile: profileOf(request) }
}

export const registerUser = saga('user.register', { version: 1, input: RegisterUser })
  .compensatable('createUser', {
    run: user.register(({ input }) => ({ userId: input.userId, profile: input.profile })),
    undo: user.remove(({ input }) => ({ userId: input.userId })),
  })
  .retriable('welcome', {
    run: notification.send(({ results: { createUser } }) => ({
      template: 'welcome',
      to: {
        uuid_user: createUser.uuid,
        first_name: createUser.first_name,
        email: createUser.email,
        handphone: createUser.handphone,
      },
      data: { site_profil: createUser.site_profil },
    })),
  })
  .end({
    completed: ({ results }) => ({ user: results.createUser }),
    compensated: ({ input, because }) => ({ uuid_user: input.userId, because }),
  })
