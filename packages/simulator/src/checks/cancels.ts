// Owns: what must be true of every cancel, a customer's or a deadline's: it is heard, once it was acknowledged.
// I1: a saga that completed although somebody wished it to be cancelled says why it did not obey.
// I2: nothing is cancelled that nobody wished to be.
// I3: the deadline of a plan is a timer before its saga has completed.
import { isRecord } from '@ensemble/core'
import { keyOf, endOf, scheduledIn } from './sagas.ts'
import type { Evidence } from '../evidence.ts'
import type { Witnessed } from '../subject.ts'

/** Who wishes; an operator who supplies an outcome does not. */
const WISHERS: ReadonlySet<string> = new Set(['customer', 'deadline'])

export function checkCancels(evidence: Evidence, sagas: readonly Witnessed[]): readonly string[] {
  const wished = new Set<string>()
  const refused = new Set<string>()
  const obeyed = new Set<string>()
  for (const message of evidence.messages) {
    if (!('saga' in message) || message.saga === null) continue
    const key = keyOf(message.saga)
    if ((message.type === 'cancel' || message.type === 'withdraw') && WISHERS.has(message.cancel.by))
      wished.add(key)
    if (message.type === 'note' && isRefusal(message.note)) refused.add(key)
    if (message.type === 'history' && message.entries.some(({ type }) => type === 'cancelled'))
      obeyed.add(key)
  }
  const timed = deadlinesIn(evidence)
  return sagas.flatMap(({ saga, plan }) => {
    const key = keyOf(saga)
    if (plan.withinMs !== null && endOf(evidence, saga) === 'completed' && !timed.has(key))
      return [`${key}: it completed, and the deadline of its plan was never set`]
    if (obeyed.has(key) && !wished.has(key)) return [`${key}: it was cancelled, and nobody wished it`]
    if (!wished.has(key) || endOf(evidence, saga) !== 'completed' || refused.has(key)) return []
    return [`${key}: it completed, and nobody says why the cancel was not obeyed`]
  })
}

function deadlinesIn(evidence: Evidence): ReadonlySet<string> {
  const rows = evidence.histories('scheduled').flatMap(({ versions }) => versions.slice(0, 1))
  return new Set(
    scheduledIn(rows).flatMap(({ saga, cancel }) =>
      isRecord(saga) && isRecord(cancel) && cancel['by'] === 'deadline'
        ? [`${String(saga['plan'])}/${String(saga['id'])}`]
        : [],
    ),
  )
}

/** A cancel that was put away with a dead letter is told of as parked. */
function isRefusal({ type, detail }: { readonly type: string; readonly detail: string }): boolean {
  return type === 'cancel-refused' || (type === 'parked' && /^dead letter|^TOO_OLD/.test(detail))
}
