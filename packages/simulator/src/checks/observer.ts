// Owns: what must be true of whoever reads the history of all sagas: whatever the order in which the bus gave it, and
// however often, it ends with what was decided.
import type { Evidence } from '../evidence.ts'
import { recorded } from '../observer.ts'

export function checkObserver(evidence: Evidence): readonly string[] {
  const told = new Map<string, string>()
  for (const message of evidence.messages)
    if (message.type === 'history')
      told.set(`${message.saga.plan}/${message.saga.id} ${message.seq}`, JSON.stringify(message.entries))
  const known = new Map(
    evidence.entries(recorded).map(({ saga, seq, entries }) => [`${saga} ${seq}`, entries]),
  )
  const missed = [...told].flatMap(([at, entries]) => {
    const own = known.get(at)
    return own === entries ? [] : [`the observer has ${String(own)} for ${at}, the bus ${entries}`]
  })
  const invented = [...known.keys()].filter((at) => !told.has(at))
  return [...missed, ...invented.map((at) => `the observer has ${at}, which nobody has sent`)]
}
