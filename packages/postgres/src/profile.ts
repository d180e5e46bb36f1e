/**
 * Owns what differs between the databases, as positive capabilities. Does not own SQL: one text serves all profiles.
 * I1: code asks for a capability, never for a product name or a version.
 */

export interface Profile {
  readonly name: 'postgres' | 'cockroach'
  /** Major version, for people and start-up messages only. */
  readonly version: number
  /** LISTEN/NOTIFY reach other sessions. Where not, polling alone wakes the readers. */
  readonly canListen: boolean
  /** `FOR UPDATE SKIP LOCKED` is understood. */
  readonly canSkipLocked: boolean
  /** A row lock excludes others until the transaction ends; where not, the predicate of the UPDATE is the guarantee. */
  readonly locksAreGuarantees: boolean
  /** Advisory locks exclude others. Where not, a lease row does. */
  readonly canLockAdvisory: boolean
  /** The setting `transaction_timeout` is known; a connection that asks for an unknown one is refused. */
  readonly canSetTransactionTimeout: boolean
  /** Plans made while tables are empty can be kept from scanning them whole once they are large. */
  readonly canAvoidScans: boolean
  /** `DISCARD PLANS` has a session make its plans again. */
  readonly canDiscardPlans: boolean
  /** A transaction can be another role's, with another search path, for a while. */
  readonly canVisit: boolean
  /** DDL takes part in the transaction around it. */
  readonly canMigrateInTransaction: boolean
}

const TRANSACTION_TIMEOUT_SINCE = 17

export const PROFILES: Readonly<Record<Profile['name'], Profile>> = {
  postgres: {
    name: 'postgres',
    version: 18,
    canListen: true,
    canSkipLocked: true,
    locksAreGuarantees: true,
    canLockAdvisory: true,
    canSetTransactionTimeout: true,
    canAvoidScans: true,
    canDiscardPlans: true,
    canVisit: true,
    canMigrateInTransaction: true,
  },
  cockroach: {
    name: 'cockroach',
    version: 25,
    canListen: false,
    canSkipLocked: true,
    locksAreGuarantees: false,
    canLockAdvisory: false,
    canSetTransactionTimeout: true,
    canAvoidScans: false,
    canDiscardPlans: false,
    canVisit: false,
    canMigrateInTransaction: false,
  },
}

/** Reads the answer of `select version()`. Unknown products are taken for PostgreSQL of an old version. */
export function profileOf(versionText: string): Profile {
  const version = Number(/\bv?(\d+)/.exec(versionText)?.[1] ?? 0)
  if (/cockroach/i.test(versionText)) return { ...PROFILES.cockroach, version }
  return { ...PROFILES.postgres, version, canSetTransactionTimeout: version >= TRANSACTION_TIMEOUT_SINCE }
}
