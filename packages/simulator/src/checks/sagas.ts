// Owns: what must be true of every saga of any system when all has ended, read from rows and messages only.
// I1: what was acknowledged is there; it ended, once, and everybody says the same end.
// I2: what has ended, or was answered, never changes again.
import { isRecord, type SagaRef } from '@ensemble/core'
import { ANSWERED, keptIn, type Evidence, type RowHistory } from '../evidence.ts'
import type { Witnessed } from '../subject.ts'

type EndStatus = 'completed' | 'compensated'

/** How a saga ended, by its end event; null when it did not. */
export function endOf(evidence: Evidence, { plan, id }: Pick<SagaRef, 'plan' | 'id'>): EndStatus | null {
  for (const message of evidence.messages)
    if (message.type === 'ended' && message.saga.plan === plan && message.saga.id === id)
      return message.end.status
  return null
}

/** Whether rows alone show that something is still going on: cheaper than all checks. */
export function isUnderWay(evidence: Evidence): boolean {
  const isOpen = (row: object): boolean => startOf(row).some(([, end]) => end === null)
  return (
    evidence.rows('starts').some(isOpen) ||
    unanswered(evidence).length > 0 ||
    retries(evidence).length > 0 ||
    evidence.rows('outbox').length > 0
  )
}

export function checkSagas(evidence: Evidence, sagas: readonly Witnessed[]): readonly string[] {
  const starts = startsIn(evidence)
  const problems = sagas.flatMap(({ saga, isAcknowledged }) => {
    const key = keyOf(saga)
    const start = starts.get(key)
    if (start === undefined) return isAcknowledged ? [`${key}: its start was answered and is lost`] : []
    const ends = endsOf(evidence, saga)
    if (ends.size === 0) return [`${key}: it never ended`]
    if (ends.size > 1) return [`${key}: it ended in ${ends.size} ways: ${[...ends].join(' and ')}`]
    return start === [...ends][0]
      ? []
      : [`${key}: its starter believes '${String(start)}', it ended ${[...ends].join()}`]
  })
  return [...problems, ...changedAfterEnd(evidence), ...unanswered(evidence), ...leftBehind(evidence)]
}

export function keyOf({ plan, id }: Pick<SagaRef, 'plan' | 'id'>): string {
  return `${plan}/${id}`
}

/** What the starter of each saga knows of its end, null for nothing; as it was before it was pruned. */
export function startsIn(evidence: Evidence): ReadonlyMap<string, string | null> {
  return new Map(
    evidence
      .histories('starts')
      .flatMap(({ versions }) => startOf(versions.findLast((row) => row !== null) ?? {})),
  )
}

function endsOf(evidence: Evidence, saga: SagaRef): ReadonlySet<string> {
  const ends = new Set<string>()
  for (const message of evidence.messages)
    if (message.type === 'ended' && keyOf(message.saga) === keyOf(saga)) ends.add(JSON.stringify(message.end))
  return ends
}

function startOf(row: object): readonly [string, string | null][] {
  if (!('saga' in row) || !isRecord(row.saga)) return []
  const { plan, id } = row.saga
  const ended = 'ended' in row && isRecord(row.ended) ? row.ended : null
  const end = ended === null ? null : JSON.stringify({ status: ended['status'], data: ended['data'] })
  return [[`${String(plan)}/${String(id)}`, end]]
}

/** The part of a row's version that must not change once it is there. */
function finalOf({ table }: RowHistory, version: object | null): string | null {
  const row = keptIn(version)
  if (table === 'operations') {
    const status = String(row?.['status'])
    return row !== null && ANSWERED.has(status) ? status : null
  }
  if (table === 'sagas') {
    const state = isRecord(row?.['state']) ? row['state'] : null
    const phase = isRecord(state?.['phase']) ? String(state['phase']['at']) : ''
    return phase === 'completed' || phase === 'compensated' ? phase : null
  }
  const ended = version !== null && 'ended' in version ? version.ended : null
  return ended === null ? null : JSON.stringify(ended)
}

function changedAfterEnd(evidence: Evidence): readonly string[] {
  return ['operations', 'sagas', 'starts'].flatMap((table) =>
    evidence.histories(table).flatMap((history) => {
      let final: string | null = null
      for (const version of history.versions) {
        const now = finalOf(history, version)
        if (final !== null && version !== null && now !== final)
          return [`${table} '${history.key}' of ${history.schema} was '${final}' and became '${String(now)}'`]
        final = version === null ? null : (now ?? final)
      }
      return []
    }),
  )
}

function unanswered(evidence: Evidence): readonly string[] {
  return evidence.rows('operations').flatMap((kept) => {
    const row = keptIn(kept) ?? {}
    const { id, status, parked } = row
    if (ANSWERED.has(String(status)) && parked === null) return []
    // A withdraw may be the last that is ever heard of an operation that was not asked for.
    if (parked === 'NO_SLIP') return []
    return [`operation '${String(id)}' is left ${String(status)}, parked: ${String(parked)}`]
  })
}

/** Timers may be due long after the saga that they look after; what is to be tried again is not over. */
function retries(evidence: Evidence): readonly string[] {
  return scheduledIn(evidence.rows('scheduled')).flatMap(({ type, id }) =>
    type === 'retry' ? [`still to be tried again: ${String(id)}`] : [],
  )
}

/** The messages in rows of what is scheduled. */
export function scheduledIn(rows: readonly (object | null)[]): readonly Readonly<Record<string, unknown>>[] {
  return rows.flatMap((row) =>
    row !== null && 'messages' in row && Array.isArray(row.messages) ? row.messages.filter(isRecord) : [],
  )
}

/** What a run may bury: messages whose readers died again and again, whose rows are refused, that are too old. */
const BURIED = /^KILLS_WORKER|^TOO_OLD|^SQL: a constraint/

function leftBehind(evidence: Evidence): readonly string[] {
  const letters = evidence.rows('dead letters').flatMap((row) => {
    const letter = 'letter' in row && isRecord(row.letter) ? row.letter : {}
    if (BURIED.test(String(letter['detail'])) || letter['reason'] === 'TOO_OLD') return []
    return [`dead letter ${String(letter['id'])}: ${String(letter['reason'])}: ${String(letter['detail'])}`]
  })
  const unsent = evidence
    .rows('outbox')
    .map((row) => `left in an outbox: ${JSON.stringify(row).slice(0, 200)}`)
  return [...letters, ...unsent, ...retries(evidence)]
}
