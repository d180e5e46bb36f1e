// Owns: the verb start: a start row and its message, in the caller's transaction. Starting again with the
// same content does nothing.
// I1: the start row and the message commit together with the caller's own write.
// I2: one id is one saga: the same id with other content is refused.
import {
  begin,
  check,
  pack,
  plain,
  TOPIC,
  type Message,
  type Pattern,
  type Plan,
  type SagaRef,
  type StartMessage,
  type Time,
} from '@ensemble/core'
import { EnsembleError } from './errors.ts'
import { printOf, type Print } from './fingerprint.ts'
import { cancelOf, historyOf, sagaKey, withdrawOf, SLIP_LENGTH_MAX } from './letters.ts'
import { messagesOf } from './perform/operation.ts'
import type { StartRow } from './ports.ts'

export interface StartRequest<Input> {
  /** Id of the saga, at most 200 characters; the same id again is the same saga. */
  readonly id: string
  readonly input: Input
  readonly pattern?: Pattern
}

export interface Starting {
  readonly plan: Plan
  readonly saga: SagaRef
  readonly input: unknown
  readonly print: Print
}

export interface Started {
  readonly saga: SagaRef
  /** False when the same start was stored before. */
  readonly isNew: boolean
  /** Of the first start. */
  readonly startedAt: Time
}

const ID_LENGTH_MAX = 200

/** Checks a start before anything is stored. Errors: SAGA_INPUT_INVALID naming the fields. */
export function checkedStart(plan: Plan, request: StartRequest<unknown>, pattern: Pattern): Starting {
  const { id } = request
  if (id.length === 0 || id.length > ID_LENGTH_MAX) {
    throw new EnsembleError('SAGA_INPUT_INVALID', `start of '${plan.name}'`, [
      `id: 1 to ${ID_LENGTH_MAX} characters, got ${id.length}`,
    ])
  }
  const chosen = request.pattern ?? plan.pattern ?? pattern
  if (plan.pattern !== null && chosen !== plan.pattern) {
    throw new EnsembleError('SAGA_INPUT_INVALID', `start of '${plan.name}'`, [
      `pattern: its sagas run in ${plan.pattern} only, got ${chosen}`,
    ])
  }
  const checked = check(plan.input, request.input)
  if (!checked.ok) throw new EnsembleError('SAGA_INPUT_INVALID', `start of '${plan.name}'`, checked.problems)
  const saga: SagaRef = { plan: plan.name, id, pattern: chosen }
  // As it will be read from a message or a row: a plan that begins at once must not see what no later step will.
  const input = plain(checked.value)
  return { plan, saga, input, print: printOf(input) }
}

export interface StartsDecided {
  /** Of each start, in order. Errors of one are its answer, not thrown. */
  readonly answers: readonly (Started | Error)[]
  /** To be inserted. */
  readonly rows: readonly StartRow[]
  readonly messages: readonly Message[]
}

/** Decides starts in bulk beside what is stored of them. Pure. */
export function decideStarts(
  starts: readonly Starting[],
  stored: readonly StartRow[],
  startedAt: Time,
): StartsDecided {
  const known = new Map(stored.map((row) => [sagaKey(row.saga), row]))
  const rows: StartRow[] = []
  const messages: Message[] = []
  const answers = starts.map((starting): Started | Error => {
    const { fingerprint } = starting.print
    const before = known.get(sagaKey(starting.saga))
    if (before !== undefined) return startedBefore(before, fingerprint)
    const sent = startMessages(starting, startedAt)
    if (sent instanceof Error) return sent
    // History is told once.
    const text = pack(sent.filter(({ type }) => type === 'start'))
    if (text.length > SLIP_LENGTH_MAX) return tooLarge(starting, text.length)
    const { saga, plan } = starting
    const row: StartRow = {
      saga,
      version: plan.version,
      inputFingerprint: fingerprint,
      sent: text,
      startedAt,
      ended: null,
    }
    known.set(sagaKey(saga), row)
    rows.push(row)
    messages.push(...sent)
    return { saga, isNew: true, startedAt }
  })
  return { answers, rows, messages }
}

function tooLarge({ plan }: Starting, length: number): Error {
  const problem = `input: ${length} characters with its envelope, at most ${SLIP_LENGTH_MAX}`
  return new EnsembleError('SAGA_INPUT_INVALID', `start of '${plan.name}'`, [problem])
}

function startedBefore(row: StartRow, fingerprint: string): Started | Error {
  if (row.inputFingerprint === fingerprint) {
    const { saga, startedAt } = row
    return { saga, isNew: false, startedAt }
  }
  return new EnsembleError(
    'SAGA_STARTED_DIFFERENTLY',
    `saga '${row.saga.plan}' '${row.saga.id}' was started with other content`,
  )
}

/** In choreography the starter makes the first decision; in orchestration the orchestrator does. */
function startMessages(starting: Starting, now: Time): readonly Message[] | Error {
  const { plan, saga, input } = starting
  const { version, fingerprint } = plan
  const start: StartMessage = {
    type: 'start',
    id: `${sagaKey(saga)}#start`,
    topic: TOPIC.started,
    key: saga.id,
    saga,
    plan: { version, fingerprint },
    input,
    issuedAt: now,
    slip: null,
    again: 0,
  }
  if (saga.pattern === 'orchestration') return [start]
  const decision = begin(plan, { saga, input, now, wish: null })
  if (decision.type !== 'decided' || decision.next.do !== 'ask') {
    const why = decision.type === 'parked' ? decision.message : 'it asks for nothing'
    return new EnsembleError('SAGA_INPUT_INVALID', `start of '${plan.name}'`, [why])
  }
  return [{ ...start, slip: { state: decision.state, ask: decision.next.ask } }, ...historyOf(decision, now)]
}

export interface CancelRequest {
  readonly reason: string
  /** Who wishes it, e.g. `customer` or an operator's name. */
  readonly by: string
}

/** The message that cancels a saga which was started here. */
export function cancelMessage(row: StartRow, cancel: CancelRequest, now: Time): Message {
  const start = messagesOf(row.sent)[0]
  if (row.saga.pattern === 'orchestration' || start?.type !== 'start' || start.slip === null)
    return cancelOf(row.saga, cancel, now)
  return withdrawOf({ saga: row.saga, plan: start.plan, ask: start.slip.ask }, cancel, now)
}

/** The start of a saga, sent again because messages were lost; `again` is one more than the last time. */
export function startAgain(row: StartRow, again: number): readonly Message[] {
  return messagesOf(row.sent).map((message) => (message.type === 'start' ? { ...message, again } : message))
}
