// Owns: that no step gives up before the tries that are its own are used up.
// I1: a try that threw and is not the last one leaves its row set aside.
// I2: what a bug of its participant kills, or a table refuses, is given up at once, and is not counted here. Where
// programs of two versions run, the older one's tries at what it does not know count, too.
import { isRecord, unpack } from '@ensemble/core'
import { keptIn, type Evidence } from '../evidence.ts'

/** The code of what a handler of a simulated participant throws. */
const THROWN = 'Error'

export function checkTries(evidence: Evidence, attemptsMax: number): readonly string[] {
  return evidence.histories('operations').flatMap(({ key, versions }) => {
    const rows = versions.map(keptIn)
    const end = rows.findIndex((row) => row?.['status'] === 'faulted')
    if (end < 0 || codeIn(rows[end]?.['sent']) !== THROWN) return []
    const tries = rows.slice(0, end).filter((row) => row?.['status'] === 'set_aside').length + 1
    return tries >= attemptsMax ? [] : [`${key}: it gave up after ${tries} of ${attemptsMax} tries`]
  })
}

/** Of the error that was answered. */
function codeIn(sent: unknown): unknown {
  const [event] = unpack(String(sent)).flatMap((one) => (one.ok ? [one.message] : []))
  const answer = event?.type === 'event' ? event.answer : null
  return answer?.status === 'faulted' && isRecord(answer.error) ? answer.error.code : null
}
