// Owns: the operation table: what a message about an operation means, given the operation's row. Pure.
//
// | row       | its run arrives (again)                            | a withdraw arrives                           |
// |-----------|----------------------------------------------------|----------------------------------------------|
// | none      | handle                                             | store `withdrawn`; the run will be told so   |
// | set_aside | handle, if it is a retry with the row's number on  | becomes `withdrawn`                          |
// | calling   | ignored: the worker has it                         | noted on the row                             |
// | deferred  | `accepted` again                                   | the handler's own rule decides               |
// | answered  | orchestrated: the stored answer again;             | the same; choreographed: forwarded to the    |
// |           | choreographed: only when marked `again: n`         | next run, refused past the point of no return|
//
// I1: an undo or a retriable is never withdrawn; only an operator's supplied outcome ends one.
import { type Ask, type EventMessage, type Message, unpack } from '@ensemble/core'
import type { OperationRow } from '../ports.ts'
import type { RunWork, WithdrawWork } from './work.ts'

/** `parked` of a row that was answered before its slip came. */
export const NO_SLIP = 'NO_SLIP'

export type RunAction =
  | { readonly do: 'handle' }
  | { readonly do: 'accepted again' }
  | { readonly do: 'answer again'; readonly again: number }
  /** The row was answered (withdrawn, or supplied) before its slip came: only now can the turn be passed. */
  | { readonly do: 'pass on' }
  | { readonly do: 'ignore'; readonly reason: string }

export function onRun(
  row: OperationRow | undefined,
  work: Pick<RunWork, 'attempt' | 'slip' | 'again'>,
): RunAction {
  if (row === undefined) return { do: 'handle' }
  switch (row.status) {
    case 'set_aside':
      // A later number than the row's: an older program, which does not know its plan, has set the retry aside.
      if (work.attempt > 0 && work.attempt >= row.attempt) return { do: 'handle' }
      return { do: 'ignore', reason: 'it is set aside; its own retry will come' }
    case 'calling':
      return { do: 'ignore', reason: 'a call is out' }
    case 'deferred':
      return work.slip === null
        ? { do: 'accepted again' }
        : { do: 'ignore', reason: 'its outcome is still to come' }
    case 'succeeded':
    case 'rejected':
    case 'withdrawn':
    case 'faulted':
    case 'unknown':
      return onRunAnswered(row, work)
    default:
      return row.status satisfies never
  }
}

function onRunAnswered(row: OperationRow, work: Pick<RunWork, 'slip' | 'again'>): RunAction {
  if (row.parked === NO_SLIP && work.slip !== null) return { do: 'pass on' }
  if (row.parked !== null) return { do: 'ignore', reason: `its decision is parked: ${row.parked}` }
  if (work.slip === null) return { do: 'answer again', again: 0 }
  if (work.again > row.again) return { do: 'answer again', again: work.again }
  return { do: 'ignore', reason: 'duplicate: the turn was passed' }
}

export type WithdrawAction =
  | { readonly do: 'withdraw' }
  | { readonly do: 'note' }
  | { readonly do: 'ask the rule' }
  | { readonly do: 'answer again' }
  | { readonly do: 'forward'; readonly ask: Ask }
  | { readonly do: 'refuse'; readonly reason: string }
  | { readonly do: 'ignore'; readonly reason: string }

export function onWithdraw(
  row: OperationRow | undefined,
  work: Pick<WithdrawWork, 'saga' | 'ask' | 'supply'>,
): WithdrawAction {
  const reason = work.supply === null && !hasPassed(row) ? refusal(work.ask) : null
  if (reason !== null) return { do: 'refuse', reason }
  if (row === undefined) return { do: 'withdraw' }
  switch (row.status) {
    case 'set_aside':
      return { do: 'withdraw' }
    case 'calling':
      // The operator's word ends a parked call; a cancel waits for the provider's.
      if (work.supply === null) return { do: 'note' }
      return row.parked === null
        ? { do: 'refuse', reason: 'a call is out and not parked' }
        : { do: 'withdraw' }
    case 'deferred':
      return { do: 'ask the rule' }
    case 'succeeded':
    case 'rejected':
    case 'withdrawn':
    case 'faulted':
    case 'unknown':
      return onWithdrawAnswered(row, work)
    default:
      return row.status satisfies never
  }
}

/** Why a cancel cannot end this operation, null when it can (I1). */
function refusal({ direction, kind }: Ask): string | null {
  if (direction === 'undo') return 'the saga is going back already'
  return kind === 'retriable' ? 'past the point of no return' : null
}

/** Answered, and so was whoever asked: the saga is elsewhere. */
function hasPassed(row: OperationRow | undefined): boolean {
  if (row === undefined || row.parked !== null) return false
  return row.status !== 'set_aside' && row.status !== 'calling' && row.status !== 'deferred'
}

function onWithdrawAnswered(row: OperationRow, work: Pick<WithdrawWork, 'saga' | 'supply'>): WithdrawAction {
  if (row.parked === NO_SLIP)
    return { do: 'ignore', reason: 'duplicate: it will be answered when its slip comes' }
  if (row.parked !== null)
    return work.supply === null ? { do: 'note' } : { do: 'refuse', reason: 'it is answered already' }
  if (work.saga.pattern === 'orchestration') return { do: 'answer again' }
  // A supplied outcome is about this operation only: forwarded it would cancel the next one.
  if (work.supply !== null) return { do: 'refuse', reason: 'it is answered already' }
  const next = sentEvent(row)?.slip?.ask
  if (next === undefined) return { do: 'refuse', reason: 'the saga has ended' }
  const reason = refusal(next)
  return reason === null ? { do: 'forward', ask: next } : { do: 'refuse', reason }
}

/** The messages that were sent as an answer, marked as sent again. */
export function sentAgain(row: OperationRow, again: number): readonly Message[] {
  return messagesOf(row.sent).map((message) => (message.type === 'event' ? { ...message, again } : message))
}

/** The event in which an operation was answered. */
export function sentEvent(row: OperationRow): EventMessage | undefined {
  return messagesOf(row.sent).find((message) => message.type === 'event')
}

export function messagesOf(packed: string | null): readonly Message[] {
  return unpack(packed ?? '[]').flatMap((unpacked) => (unpacked.ok ? [unpacked.message] : []))
}
