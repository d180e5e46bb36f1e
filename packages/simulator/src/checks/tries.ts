// Owns: that no step gives up before the tries that are its own are used up.
// I1: a try leaves its number: on a row that is set aside after it, or, of an effect, that is `calling` before it.
// I2: what a bug of its participant kills, a table refuses, or nobody could do is given up at once, and is not counted
// here; nor is `unknown`, which a provider without keys may be at once. Where programs of two versions run, the older
// one's tries at what it does not know count, too.
import { unpack } from '@ensemble/core'
import { keptIn, type Evidence } from '../evidence.ts'

const AT_ONCE: ReadonlySet<string> = new Set([
  'KILLS_WORKER',
  'SQL',
  'CLAIM_TAKEN',
  'INPUT_INVALID',
  'TOO_OLD',
])
const TRIED: ReadonlySet<unknown> = new Set(['set_aside', 'calling'])

export function checkTries(evidence: Evidence, attemptsMax: number): readonly string[] {
  return evidence.histories('operations').flatMap(({ key, versions }) => {
    const rows = versions.map(keptIn)
    const end = rows.findIndex((row) => row?.['status'] === 'faulted')
    if (end < 0 || AT_ONCE.has(codeIn(rows[end]?.['sent']))) return []
    const before = rows.slice(0, end).filter((row) => TRIED.has(row?.['status']))
    const isCalling = before.at(-1)?.['status'] === 'calling'
    const tries = new Set(before.map((row) => row?.['attempt'])).size + (isCalling ? 0 : 1)
    return tries >= attemptsMax ? [] : [`${key}: it gave up after ${tries} of ${attemptsMax} tries`]
  })
}

/** Of the error that was answered. */
function codeIn(sent: unknown): string {
  const [event] = unpack(String(sent)).flatMap((one) => (one.ok ? [one.message] : []))
  const answer = event?.type === 'event' ? event.answer : null
  return answer?.status === 'faulted' ? answer.error.code : ''
}
