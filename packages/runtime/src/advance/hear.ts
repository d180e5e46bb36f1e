// Owns: what the orchestrator does about one message: it asks the kernel and puts the decision into the
// ledger. Pure.
// I1: a cancel that comes before its saga is a row already; the start then withdraws its first step.
// I2: what this instance does not know (plan, version) is set aside for a newer one.
// I3: a decision that cannot be made (a plan function throws) parks the saga; its signal is set aside and
// tried again.
// I4: every running saga has one watch, set at its start and set again until it ends.
import {
  backoffMs,
  begin,
  decide,
  endAgain,
  heardEarly,
  operationId,
  ORCHESTRATOR,
  pack,
  TOPIC,
  type Decided,
  type Decision,
  type Message,
  type NoteType,
  type Plan,
  type SagaRef,
  type SagaState,
  type Said,
  type Signal,
  type StartMessage,
  type Time,
} from '@ensemble/core'
import { errorInfo } from '../errors.ts'
import { cancelOf, commandsOf, endedOf, historyOf, noteOf, sagaKey } from '../letters.ts'
import type { SagaRow } from '../ports.ts'
import type { Ledger, Office } from './ledger.ts'
import { WATCH_TIMER, type AdvanceWork, type Heard } from './signals.ts'

/** How long an operation that was deferred may be late before the participant is asked again, milliseconds. */
const DEFERRED_SLACK_MS = 30_000

/** Cap of the wait between two askings, milliseconds. */
const OVERDUE_AFTER_MS_MAX = 600_000

export function hear(office: Office, ledger: Ledger, work: AdvanceWork): void {
  try {
    hearOne(office, ledger, work)
  } catch (error) {
    setAside(office, ledger, work, errorInfo(error))
  }
}

function hearOne(office: Office, ledger: Ledger, work: AdvanceWork): void {
  const { heard, saga } = work
  const row = ledger.row(saga)
  if (heard.type === 'start') {
    hearStart(office, ledger, { work, start: heard.start, row })
    return
  }
  if (row === undefined || row.state === null) {
    if (heard.type === 'cancel') keepCancel(ledger, { work, heard, row })
    return
  }
  const plan = office.plans.find(saga.plan, row.state)
  if (heard.type === 'watch') {
    if (isWatchedAt(row.state, heard.at)) watch(office, ledger, { plan, row, state: row.state })
    return
  }
  const isDecided = hearSignal(office, ledger, { work, plan, signal: heard })
  // What has come too early is decided on as soon as it is about what is outstanding; parked, when it is tried again.
  if (!isDecided && work.attempt === 0) return
  // Of each step it may be known that it comes later, and how it ended.
  for (let left = 2 * plan.steps.length; left > 0; left -= 1) {
    const said = earlyIn(ledger, saga)
    if (said === null || !hearSignal(office, ledger, { work, plan, signal: said })) return
  }
}

function earlyIn(ledger: Ledger, saga: SagaRef): Said | null {
  const state = ledger.row(saga)?.state ?? null
  return state === null ? null : heardEarly(state)
}

/** Whether it was decided on. */
function hearSignal(
  office: Office,
  ledger: Ledger,
  at: { work: AdvanceWork; plan: Plan; signal: Signal },
): boolean {
  const { work, plan, signal } = at
  const row = ledger.row(work.saga)
  if (row === undefined || row.state === null) return false
  if (isTooOld(row.state, signal)) {
    ledger.put({ ...row, parked: 'TOO_OLD' })
    noted(ledger, work, {
      type: 'parked',
      attempt: work.attempt,
      detail: 'TOO_OLD: a participant has forgotten it',
    })
    return false
  }
  const decision = decide(plan, row.state, signal, ledger.now)
  settle(office, ledger, { work, row, decision })
  return decision.type === 'decided'
}

/**
 * The outstanding operation is older than its participant remembers: what became of it only a human can find
 * out.
 */
function isTooOld({ saga, phase }: SagaState, signal: Signal): boolean {
  if (signal.type !== 'answered' || signal.answer.status !== 'faulted') return false
  if (signal.answer.error.code !== 'TOO_OLD' || !('step' in phase)) return false
  const direction = phase.at === 'running' ? 'run' : 'undo'
  return signal.operation === operationId(saga, phase.step, direction)
}

function hearStart(
  office: Office,
  ledger: Ledger,
  at: { work: AdvanceWork; start: StartMessage; row: SagaRow | undefined },
): void {
  const { work, start, row } = at
  const { saga, input } = start
  if (row !== undefined && row.state !== null) {
    if (start.again > 0)
      repair(ledger, { plan: office.plans.find(saga.plan, row.state), row, state: row.state })
    return
  }
  if (row === undefined && start.issuedAt < ledger.horizon) {
    tooOld(ledger, work, start.issuedAt)
    return
  }
  const plan = office.plans.find(saga.plan, start.plan)
  const decision = begin(plan, { saga, input, now: ledger.now, wish: row?.wish ?? null })
  const blank: SagaRow = row ?? {
    plan: saga.plan,
    id: saga.id,
    state: null,
    wish: null,
    parked: null,
    version: 0,
  }
  settle(office, ledger, { work, row: blank, decision })
  if (decision.type !== 'decided') return
  setWatch(ledger, saga, ledger.now + office.overdueAfterMs)
  if (plan.withinMs === null) return
  const dueAt = ledger.now + plan.withinMs
  const cancel = { reason: 'the saga deadline has passed', by: 'deadline' }
  ledger.scheduled.push({ dueAt, message: cancelOf(saga, cancel, dueAt) })
}

function keepCancel(
  ledger: Ledger,
  at: { work: AdvanceWork; heard: Extract<Heard, { type: 'cancel' }>; row: SagaRow | undefined },
): void {
  const { work, heard, row } = at
  if (row !== undefined) return
  if (heard.issuedAt < ledger.horizon) {
    tooOld(ledger, work, heard.issuedAt)
    return
  }
  const { plan, id } = work.saga
  ledger.put({ plan, id, state: null, wish: heard.cancel, parked: null, version: 0 })
}

function settle(
  office: Office,
  ledger: Ledger,
  at: { work: AdvanceWork; row: SagaRow; decision: Decision },
): void {
  const { work, row, decision } = at
  switch (decision.type) {
    case 'decided':
      put(ledger, row, decision)
      return
    case 'ignored':
      if (decision.note === 'cancel-refused')
        noted(ledger, work, { type: 'cancel-refused', attempt: 0, detail: decision.reason })
      return
    case 'parked':
      if (ledger.row(work.saga) !== undefined) ledger.put({ ...row, parked: decision.code })
      setAside(office, ledger, work, decision)
      return
    default:
      decision satisfies never
  }
}

function put(ledger: Ledger, row: SagaRow, decision: Decided): void {
  const { state, next, entries } = decision
  // What is only kept until its turn decides nothing.
  const isKept = next.do === 'wait' && entries.length === 0
  ledger.put({ ...row, state, wish: null, parked: isKept ? row.parked : null })
  ledger.messages.push(...commandsOf(decision, ledger.now), ...historyOf(decision, ledger.now))
  if (decision.note === null) return
  const { saga } = decision.state
  const note = {
    ...decision.note,
    operation: null,
    attempt: 'asks' in decision.state.phase ? decision.state.phase.asks : 0,
  }
  ledger.messages.push(noteOf(saga, note, { source: ORCHESTRATOR, at: ledger.now }))
}

interface Watched {
  readonly plan: Plan
  readonly row: SagaRow
  readonly state: SagaState
}

/** Looks after a saga: asks again what has been silent for too long, and comes back later. */
function watch(office: Office, ledger: Ledger, watched: Watched): void {
  const { phase } = watched.state
  if (phase.at === 'completed' || phase.at === 'compensated') return
  const patientUntil = patience(office, watched.state)
  if (ledger.now < patientUntil) {
    setWatch(ledger, watched.state.saga, patientUntil)
    return
  }
  // Parked, it waits for nobody else: asked again the participant would answer again, and each answer be set
  // aside.
  if (watched.row.parked !== null) {
    setWatch(ledger, watched.state.saga, ledger.now + OVERDUE_AFTER_MS_MAX)
    return
  }
  const state = askAgain(ledger, watched)
  setWatch(ledger, state.saga, Math.max(patience(office, state), ledger.now + office.overdueAfterMs))
}

/** Whoever repairs a saga may have missed its end. */
function repair(ledger: Ledger, watched: Watched): void {
  const end = endAgain(watched.plan, watched.state)
  if (end === null) askAgain(ledger, watched)
  else ledger.messages.push(endedOf(watched.state, end, ledger.now))
}

function askAgain(ledger: Ledger, { plan, row, state }: Watched): SagaState {
  const decision = decide(plan, state, { type: 'overdue' }, ledger.now)
  if (decision.type !== 'decided') return state
  put(ledger, row, decision)
  return decision.state
}

/** Until when silence about the outstanding operation is normal. */
function patience(office: Office, { phase }: SagaState): Time {
  if (phase.at === 'completed' || phase.at === 'compensated') return Number.POSITIVE_INFINITY
  const waitMs = Math.min(office.overdueAfterMs * 2 ** Math.min(phase.asks, 20), OVERDUE_AFTER_MS_MAX)
  const until = phase.at === 'running' ? phase.until : null
  return until === null ? phase.askedAt + waitMs : until + DEFERRED_SLACK_MS + waitMs
}

/** When the saga's one watch is due, kept beside its state: a repeated timer must not become a second watch. */
type WatchedState = SagaState & { readonly watchAt?: Time }

function isWatchedAt(state: WatchedState, at: Time): boolean {
  return state.watchAt === undefined || state.watchAt === at
}

function setWatch(ledger: Ledger, saga: SagaRef, dueAt: Time): void {
  const row = ledger.row(saga)
  if (row === undefined || row.state === null) return
  const state: WatchedState = { ...row.state, watchAt: dueAt }
  ledger.put({ ...row, state })
  const id = `${sagaKey(saga)}@${WATCH_TIMER}~${dueAt}`
  const topic = TOPIC.commands(ORCHESTRATOR)
  const message: Message = {
    type: 'timer',
    id,
    topic,
    key: saga.id,
    name: WATCH_TIMER,
    at: dueAt,
    data: null,
    saga,
  }
  ledger.scheduled.push({ dueAt, message })
}

function setAside(
  office: Office,
  ledger: Ledger,
  work: AdvanceWork,
  info: { code: string; message: string },
): void {
  const attempt = work.attempt + 1
  const dueAt = ledger.now + backoffMs(office.retry, attempt, office.chance())
  const { message } = work
  const topic = TOPIC.commands(ORCHESTRATOR)
  const retry: Message = {
    type: 'retry',
    id: `${message.id}~${attempt}`,
    topic,
    key: message.key,
    attempt,
    message,
  }
  if (ledger.scheduled.some((other) => other.message.id === retry.id)) return
  ledger.scheduled.push({ dueAt, message: retry })
  const type = info.code === 'PLAN_THROWS' || attempt >= office.retry.attemptsMax ? 'parked' : 'retrying'
  noted(ledger, work, { type, attempt, detail: `${info.code}: ${info.message}` })
}

function tooOld(ledger: Ledger, work: AdvanceWork, issuedAt: Time): void {
  const detail = `issued at ${new Date(issuedAt).toISOString()}, before the horizon of the orchestrator`
  const { id, topic } = work.message
  ledger.deadLetters.push({ id: `${id}!`, topic, reason: 'TOO_OLD', detail, text: pack([work.message]) })
  noted(ledger, work, { type: 'parked', attempt: work.attempt, detail: `TOO_OLD: ${detail}` })
}

function noted(
  ledger: Ledger,
  work: AdvanceWork,
  note: { type: NoteType; attempt: number; detail: string },
): void {
  ledger.messages.push(
    noteOf(work.saga, { ...note, operation: null }, { source: ORCHESTRATOR, at: ledger.now }),
  )
}
