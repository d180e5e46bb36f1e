/**
 * Owns when a session's plans are thrown away. The server keeps the plan of a prepared statement until statistics
 * change, and one that was made for an empty or small table reads the whole table once it is large: on the first day
 * of a service that is a minute or more of ever slower statements.
 * I1: a plan is at most about half as old as its session, and never older than PLAN_AGE_MS_MAX.
 */
import type { PoolClient } from 'pg'

const PLAN_AGE_MS_MIN = 500
/** Making all plans of a service again takes milliseconds. */
const PLAN_AGE_MS_MAX = 60_000

interface Age {
  readonly endsAt: number
  readonly spanMs: number
}

const ages = new WeakMap<PoolClient, Age>()

/** True when the plans of this session have had their time; the next span begins with that. */
export function outlivedPlans(client: PoolClient, now: number): boolean {
  const age = ages.get(client)
  if (age !== undefined && now < age.endsAt) return false
  const spanMs = age === undefined ? PLAN_AGE_MS_MIN : Math.min(PLAN_AGE_MS_MAX, age.spanMs * 2)
  ages.set(client, { endsAt: now + spanMs, spanMs })
  return age !== undefined
}
