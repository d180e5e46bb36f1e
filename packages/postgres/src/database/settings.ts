/**
 * Owns what a session is told when it begins: bounds, search path, isolation, keepalive. Nothing is SET later.
 * I1: a stopped process cannot hold locks longer than these bounds: the server ends its session.
 */
import type { ClientConfig } from 'pg'
import type { Profile } from '../profile.ts'

export interface SessionLimits {
  readonly statementTimeoutMs: number
  readonly lockTimeoutMs: number
  readonly idleInTransactionTimeoutMs: number
  readonly transactionTimeoutMs: number
}

/**
 * A batch takes well under a second; these stand for "something is wrong", not for "slow". What a stopped process has
 * locked is free before those who wait for it give up (`lockTimeoutMs`), so that they go on instead of failing.
 */
export const SESSION_LIMITS: SessionLimits = {
  statementTimeoutMs: 30_000,
  lockTimeoutMs: 10_000,
  idleInTransactionTimeoutMs: 5_000,
  transactionTimeoutMs: 60_000,
}

export type Isolation = 'read committed' | 'repeatable read' | 'serializable'

export interface SessionSettings {
  readonly schema: string | undefined
  readonly limits: SessionLimits
  readonly isolation: Isolation | undefined
  readonly isReadOnly: boolean
  readonly applicationName: string
}

const KEEPALIVE_DELAY_MS = 10_000

export function sessionOptions(settings: SessionSettings, profile: Profile): string {
  const { limits, schema, isolation } = settings
  const values: [string, string][] = [
    ['statement_timeout', `${limits.statementTimeoutMs}ms`],
    ['lock_timeout', `${limits.lockTimeoutMs}ms`],
    ['idle_in_transaction_session_timeout', `${limits.idleInTransactionTimeoutMs}ms`],
  ]
  if (profile.canSetTransactionTimeout)
    values.push(['transaction_timeout', `${limits.transactionTimeoutMs}ms`])
  if (profile.canAvoidScans) values.push(['enable_seqscan', 'off'])
  // What writes asks for rows by key, in lists whose lengths differ: made for each length, plans cost more than they
  // save. What reads may filter by anything.
  if (profile.canAvoidScans && !settings.isReadOnly) {
    values.push(['plan_cache_mode', 'force_generic_plan'])
    // Made while a table was small, a plan that hashes or sorts it whole would be kept while it grows.
    values.push(['enable_hashjoin', 'off'], ['enable_mergejoin', 'off'])
  }
  if (schema !== undefined) values.push(['search_path', quoteName(schema)])
  if (isolation !== undefined) values.push(['default_transaction_isolation', isolation])
  if (settings.isReadOnly) values.push(['default_transaction_read_only', 'on'])
  return values.map(([name, value]) => `-c ${name}=${value.replaceAll(/[\\ ]/g, '\\$&')}`).join(' ')
}

export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** The url's own `options` come first, so that ours win; the driver would let the url replace them. */
export function clientConfig(url: string, options: string, applicationName: string): ClientConfig {
  const parsed = new URL(url)
  const own = parsed.searchParams.get('options')
  parsed.searchParams.set('options', own === null ? options : `${own} ${options}`)
  parsed.searchParams.delete('application_name')
  return {
    connectionString: parsed.href,
    application_name: applicationName,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEPALIVE_DELAY_MS,
  }
}
