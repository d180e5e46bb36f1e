// Owns: situations that no single change of a row and no single message shows: in what order things happened, what was
// lost on the way, what is left of it.
import { isRecord, type Time } from '@ensemble/core'
import { ANSWERED, keptIn, type Evidence } from './evidence.ts'

type Row = Readonly<Record<string, unknown>>

type Whole = (evidence: Evidence) => boolean

export const WHOLE: Readonly<Record<string, Whole>> = {
  'unknown effect undone': isUnknownUndone,
  'late run refused': (evidence) =>
    isPassedOn(evidence) || repeatedIn(evidence).some(({ first }) => first === 'withdrawn'),
  'stored answer sent again': (evidence) => repeatedIn(evidence).some(({ first }) => first !== 'withdrawn'),
  'asked again after a lost answer': isAskedAfterLoss,
  'pipelined step taken up after a deferral': (evidence) => isTakenUpAfter(evidence, 'deferred'),
  'pipelined step taken up after a call': (evidence) => isTakenUpAfter(evidence, 'calling'),
  'cancel lost to payment': (evidence) => evidence.rows('thing').some(isPaidByWithdraw),
  'killer buried': (evidence) => lettersIn(evidence).some((text) => text.includes('KILLS_WORKER')),
  'horizon refused': (evidence) => lettersIn(evidence).some((text) => text.includes('TOO_OLD')),
}

export function wholes(evidence: Evidence): readonly string[] {
  return Object.entries(WHOLE).flatMap(([name, isSeen]) => (isSeen(evidence) ? [name] : []))
}

function isUnknownUndone(evidence: Evidence): boolean {
  const last = new Map(
    evidence
      .histories('operations')
      .map(({ key, versions }) => [key, keptIn(versions.findLast((row) => row !== null) ?? null)]),
  )
  return [...last].some(
    ([id, row]) =>
      row?.['status'] === 'unknown' && last.get(id.replace(/run$/, 'undo'))?.['status'] === 'succeeded',
  )
}

/** A choreographed run found its row withdrawn, and only passed the turn on. */
function isPassedOn(evidence: Evidence): boolean {
  return evidence
    .histories('operations')
    .some(({ versions }) =>
      versions.some(
        (version, index) =>
          keptIn(versions[index - 1] ?? null)?.['parked'] === 'NO_SLIP' &&
          keptIn(version)?.['parked'] === null,
      ),
    )
}

/** A command that was handled when its operation had an answer, which is sent again. */
interface Repeated {
  /** How the operation stood first: withdrawn before it was ever asked for, or not. */
  readonly first: unknown
}

function repeatedIn(evidence: Evidence): readonly Repeated[] {
  const histories = new Map(evidence.histories('operations').map((history) => [history.key, history]))
  return evidence.bus.handled.flatMap(({ messages, takenAt }) =>
    messages.flatMap((one): readonly Repeated[] => {
      if (!one.ok || one.message.type !== 'command') return []
      const history = histories.get(one.message.ask.operation)
      if (history === undefined) return []
      const { versions, times } = history
      const [first, before] = [
        versions[0] ?? null,
        versions[times.findLastIndex((at) => at < takenAt)] ?? null,
      ]
      const isAnswered = ANSWERED.has(String(keptIn(before)?.['status']))
      return isAnswered ? [{ first: keptIn(first)?.['status'] }] : []
    }),
  )
}

/** The step before it had to wait for its outcome. */
function isTakenUpAfter(evidence: Evidence, status: string): boolean {
  const waited = new Set(
    evidence
      .histories('operations')
      .flatMap(({ key, versions }) =>
        versions.some((version) => keptIn(version)?.['status'] === status) ? [key] : [],
      ),
  )
  return evidence.messages.some(
    (message) =>
      message.type === 'event' &&
      message.goesOnWith !== undefined &&
      message.operation !== null &&
      waited.has(message.operation),
  )
}

/** An answer was lost, its saga asked again, and until then there was no other copy of it. */
function isAskedAfterLoss(evidence: Evidence): boolean {
  const { bus } = evidence
  if (bus.lost.length === 0) return false
  const asked = sagasAskedAgain(evidence)
  return bus.lost.some(({ message, at }) => {
    if (message.type !== 'event' || message.answer === null || message.operation === null) return false
    const firstAt = bus.firstAt.get(message.id) ?? Number.POSITIVE_INFINITY
    return asked.get(message.operation)?.some((askedAt) => at < askedAt && askedAt < firstAt) === true
  })
}

/** When sagas asked for an operation once more, by operation. */
function sagasAskedAgain(evidence: Evidence): ReadonlyMap<string, readonly Time[]> {
  const asked = evidence.histories('sagas').flatMap(({ versions, times }) =>
    versions.flatMap((version, index) => {
      const [operation, at] = [askedAgainIn(keptIn(version)), times[index]]
      return operation === null || at === undefined ? [] : [{ operation, at }]
    }),
  )
  const byOperation = Map.groupBy(asked, ({ operation }) => operation)
  return new Map([...byOperation].map(([operation, all]) => [operation, all.map(({ at }) => at)]))
}

/** The operation that a saga of this row has asked for more than once. */
function askedAgainIn(row: Row | null): string | null {
  const state = isRecord(row?.['state']) ? row['state'] : {}
  const { at, step, asks } = isRecord(state['phase']) ? state['phase'] : {}
  if (row === null || !(Number(asks) > 0)) return null
  const direction = at === 'undoing' ? 'undo' : 'run'
  return `${String(row['plan'])}/${String(row['id'])}/${String(step)}/${direction}`
}

/** A withdraw rule that answered `succeeded` says so in its row. */
function isPaidByWithdraw(row: object): boolean {
  const state = 'state' in row && isRecord(row.state) ? row.state : {}
  return isRecord(state['marks']) && Object.values(state['marks']).includes('kept')
}

function lettersIn(evidence: Evidence): readonly string[] {
  return evidence.rows('dead letters').map((row) => JSON.stringify(row))
}
