// Owns: the rules about one user. Pure. Does not own: who asks (handlers.ts), tables (user-store.ts).
// I1: an e-mail address, whatever its case, belongs to at most one user who is not deleted: a living user claims it.
// I2: a deleted user keeps the row, so that orders still point at somebody.
import { rejected, succeeded, type OutcomeOf, type Time } from '@ensemble/core'
import type { AggregateContext, Change } from '@ensemble/runtime'
import {
  momentOf,
  type Contact,
  type Profile,
  type ProfileChanges,
  type user,
  type UserResult,
} from '@ensemble/service-contracts'

export interface User {
  readonly uuid: string
  readonly profile: Profile
  /** Public name: the first word of the first name and the uuid. It does not follow later changes of the name. */
  readonly siteProfil: string
  readonly createdAt: Time
  readonly updatedAt: Time
  readonly deletedAt: Time | null
  /** As it was read; 0 for a new row. */
  readonly version: number
}

type Context = Pick<AggregateContext<Record<never, never>>, 'now' | 'holder'>
type Changed<Request extends keyof typeof user> = Change<
  User,
  unknown,
  never,
  OutcomeOf<(typeof user)[Request]['spec']>
>

export function emailClaim(email: string): string {
  return `email:${email.toLowerCase()}`
}

export function register(
  state: User | undefined,
  input: { readonly userId: string; readonly profile: Profile },
  context: Context,
): Changed<'register'> {
  const { userId, profile } = input
  if (state !== undefined) throw new Error(`user ${userId} exists already`)
  if (context.holder(emailClaim(profile.email)) !== null) {
    return { outcome: rejected('duplicate_email', { email: profile.email }) }
  }
  const { now } = context
  const siteProfil = siteProfilOf(profile.firstName, userId)
  const next: User = {
    uuid: userId,
    profile,
    siteProfil,
    createdAt: now,
    updatedAt: now,
    deletedAt: null,
    version: 0,
  }
  return { outcome: succeeded(resultOf(next)), state: next, claim: [emailClaim(profile.email)] }
}

/** Undoes a registration. */
export function remove(state: User | undefined, _input: unknown, context: Context): Changed<'remove'> {
  if (state === undefined) return { outcome: succeeded(null) }
  if (state.deletedAt !== null) return { outcome: succeeded(resultOf(state)) }
  const next = deleted(state, context.now)
  return { outcome: succeeded(resultOf(next)), state: next, release: [emailClaim(state.profile.email)] }
}

export function verify(state: User | undefined, input: { readonly userId: string }): Changed<'verify'> {
  if (state === undefined || state.deletedAt !== null) return unknown(input.userId)
  return { outcome: succeeded(contactOf(state)) }
}

export function update(
  state: User | undefined,
  input: { readonly userId: string; readonly changes: ProfileChanges },
  context: Context,
): Changed<'update'> {
  if (state === undefined || state.deletedAt !== null) return unknown(input.userId)
  const profile = merged(state.profile, input.changes)
  const before = emailClaim(state.profile.email)
  const after = emailClaim(profile.email)
  if (after !== before && context.holder(after) !== null) {
    return { outcome: rejected('duplicate_email', { email: profile.email }) }
  }
  const next: User = { ...state, profile, updatedAt: context.now }
  const claims = after === before ? {} : { claim: [after], release: [before] }
  return { outcome: succeeded(resultOf(next)), state: next, ...claims }
}

export function deleteUser(
  state: User | undefined,
  input: { readonly userId: string },
  context: Context,
): Changed<'delete'> {
  if (state === undefined || state.deletedAt !== null) return unknown(input.userId)
  const next = deleted(state, context.now)
  return { outcome: succeeded(resultOf(next)), state: next, release: [emailClaim(state.profile.email)] }
}

export function resultOf(state: User): UserResult {
  const { profile } = state
  return {
    uuid: state.uuid,
    first_name: profile.firstName,
    last_name: profile.lastName,
    email: profile.email,
    site_profil: state.siteProfil,
    handphone: profile.handphone,
    address: profile.address,
    city: profile.city,
    province: profile.province,
    district: profile.district,
    created_at: momentOf(state.createdAt),
    updated_at: momentOf(state.updatedAt),
    deleted_at: state.deletedAt === null ? null : momentOf(state.deletedAt),
  }
}

/** Part of the slug that comes from the name; with a dash and a uuid it stays below the column's 64 characters. */
const SLUG_NAME_LENGTH_MAX = 20

export function siteProfilOf(firstName: string, uuid: string): string {
  const word = firstName.trim().split(/\s+/)[0] ?? ''
  const plain = word
    .normalize('NFKD')
    .replaceAll(/[^A-Za-z0-9]/g, '')
    .slice(0, SLUG_NAME_LENGTH_MAX)
  return `${plain === '' ? 'user' : plain}-${uuid}`
}

function contactOf({ uuid, profile }: User): Contact {
  return {
    uuid_user: uuid,
    first_name: profile.firstName,
    email: profile.email,
    handphone: profile.handphone,
  }
}

function merged(profile: Profile, changes: ProfileChanges): Profile {
  return {
    firstName: kept(changes.firstName, profile.firstName),
    lastName: kept(changes.lastName, profile.lastName),
    email: kept(changes.email, profile.email),
    handphone: kept(changes.handphone, profile.handphone),
    address: kept(changes.address, profile.address),
    city: kept(changes.city, profile.city),
    province: kept(changes.province, profile.province),
    district: kept(changes.district, profile.district),
  }
}

function kept<Value>(changed: Value | undefined, before: Value): Value {
  if (changed === undefined) return before
  return changed
}

function deleted(state: User, now: Time): User {
  return { ...state, updatedAt: now, deletedAt: now }
}

function unknown(userId: string): { readonly outcome: ReturnType<typeof unknownUser> } {
  return { outcome: unknownUser(userId) }
}

function unknownUser(userId: string) {
  return rejected('unknown_user', { uuid_user: userId })
}
