// Owns: what the user service offers and how its rows look from outside. No behaviour.
import { command, participant, query } from '@ensemble/core'
import * as z from 'zod'
import { Email, Handphone, Moment, note, text, Uuid } from './values.ts'

/** Body of POST /v1/user. */
export const UserRequest = z.object({
  first_name: text(50),
  last_name: note(50).nullish(),
  email: Email,
  handphone: Handphone,
  address: text(500),
  city: note(100).nullish(),
  province: note(100).nullish(),
  district: note(100).nullish(),
})
export type UserRequest = z.infer<typeof UserRequest>

/** Body of PUT /v1/user/:uuid: any of the fields, at least one. */
export const UserChanges = z
  .strictObject(UserRequest.partial().shape)
  .refine((changes) => Object.keys(changes).length > 0, 'must name at least one field to change')
export type UserChanges = z.infer<typeof UserChanges>

/** A user as outcomes, events and history show it. */
export const UserResult = z.object({
  uuid: Uuid,
  first_name: z.string(),
  last_name: z.string().nullable(),
  email: z.string(),
  site_profil: z.string(),
  handphone: z.string(),
  address: z.string(),
  city: z.string().nullable(),
  province: z.string().nullable(),
  district: z.string().nullable(),
  created_at: Moment,
  updated_at: Moment,
  deleted_at: Moment.nullable(),
})
export type UserResult = z.infer<typeof UserResult>

/** A user as reads show it. */
export const UserRow = z.object({ id_user: z.string(), ...UserResult.shape })
export type UserRow = z.infer<typeof UserRow>

/** Whom to write to. */
export const Contact = z.object({
  uuid_user: Uuid,
  first_name: z.string(),
  email: z.string(),
  handphone: z.string(),
})
export type Contact = z.infer<typeof Contact>

export const Profile = z.object({
  firstName: text(50),
  lastName: note(50).nullable(),
  email: Email,
  handphone: Handphone,
  address: text(500),
  city: note(100).nullable(),
  province: note(100).nullable(),
  district: note(100).nullable(),
})
export type Profile = z.infer<typeof Profile>

/** What is undefined stays as it is. */
const ProfileChanges = Profile.partial()
export type ProfileChanges = z.infer<typeof ProfileChanges>

const UnknownUser = z.object({ uuid_user: Uuid })
const DuplicateEmail = z.object({ email: z.string() })

const One = z.object({ userId: Uuid })

export const user = participant('user', {
  register: command({
    input: z.object({ userId: Uuid, profile: Profile }),
    output: UserResult,
    rejections: { duplicate_email: DuplicateEmail },
    event: 'registered',
  }),
  /** Undoes `register`; null when there was nothing to undo. */
  remove: command({ input: One, output: UserResult.nullable(), event: 'removed' }),
  verify: query({
    input: One,
    output: Contact,
    rejections: { unknown_user: UnknownUser },
    event: 'verified',
  }),
  update: command({
    input: z.object({ userId: Uuid, changes: ProfileChanges }),
    output: UserResult,
    rejections: { unknown_user: UnknownUser, duplicate_email: DuplicateEmail },
    event: 'updated',
  }),
  delete: command({
    input: One,
    output: UserResult,
    rejections: { unknown_user: UnknownUser },
    event: 'deleted',
  }),
})

/** A body's fields under the names that commands use; a field that was left out is null. */
export function profileOf(request: UserRequest): Profile {
  return {
    firstName: request.first_name,
    lastName: request.last_name ?? null,
    email: request.email,
    handphone: request.handphone,
    address: request.address,
    city: request.city ?? null,
    province: request.province ?? null,
    district: request.district ?? null,
  }
}

/** Like `profileOf`; a field that the body does not name is undefined. */
export function profileChangesOf(changes: UserChanges): ProfileChanges {
  return {
    firstName: changes.first_name,
    lastName: changes.last_name,
    email: changes.email,
    handphone: changes.handphone,
    address: changes.address,
    city: changes.city,
    province: changes.province,
    district: changes.district,
  }
}
