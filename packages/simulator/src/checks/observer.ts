// Owns: what must be true of whoever reads the history of all sagas: whatever the order in which the bus gave it, and
// however often, it ends with what was decided.
// I1: what its workers died of again and again, by whatever faults, is put away and not known.
import type { HistoryMessage } from '@ensemble/core'
import type { Evidence } from '../evidence.ts'
import { recorded } from '../observer.ts'

export function checkObserver(evidence: Evidence): readonly string[] {
  const told = new Map<string, string>()
  for (const message of evidence.messages)
    if (message.type === 'history') told.set(placeOf(message), JSON.stringify(message.entries))
  const buried = new Set(
    evidence.buried().flatMap(({ message }) => (message.type === 'history' ? [placeOf(message)] : [])),
  )
  const known = new Map(
    evidence.entries(recorded).map(({ saga, seq, entries }) => [`${saga} ${seq}`, entries]),
  )
  const missed = [...told].flatMap(([at, entries]) => {
    const own = known.get(at)
    return own === entries || (own === undefined && buried.has(at))
      ? []
      : [`the observer has ${String(own)} for ${at}, the bus ${entries}`]
  })
  const invented = [...known.keys()].filter((at) => !told.has(at))
  return [...missed, ...invented.map((at) => `the observer has ${at}, which nobody has sent`)]
}

function placeOf({ saga, seq }: Pick<HistoryMessage, 'saga' | 'seq'>): string {
  return `${saga.plan}/${saga.id} ${seq}`
}
