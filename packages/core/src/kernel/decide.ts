// Owns: every decision of a saga, for both executors. Pure: a function of plan, state, signal and time.
// I1: every (state, signal) pair has an answer; late, duplicate and impossible signals are ignored with a
// recorded reason.
// I2: a saga turns around only on an answer; a cancel is a wish kept in the state until the outstanding run
// has answered.
// I3: after the pivot has succeeded, or the first retriable was asked, nothing is undone.
// I4: a step that was sent along is taken up when its participant says so, and only then; a cancel that waited for the
// step before is then about that one. What comes of it before that is kept.
// I5: a plan function that throws decides nothing: the decision is parked and can be made again.
import type { Answer, Time } from '../contract/outcome.ts'
import type { Because, Plan, Step } from '../plan/plan.ts'
import type { HistoryEntry, NoteType } from './history.ts'
import { failure, goBack, goForward, stepOf, type Route } from './route.ts'
import type { Cancel, GoesOn, Phase, SagaRef, SagaState, Said } from './saga.ts'
import { operationId } from './saga.ts'
import type { Ask } from './saga.ts'
import { askOf, endOf, PlanThrows, type SagaEnd } from './ask.ts'

export type Signal =
  | Said
  | { readonly type: 'cancel'; readonly cancel: Cancel }
  | { readonly type: 'overdue' }

export type Next =
  | { readonly do: 'ask'; readonly ask: Ask }
  | { readonly do: 'withdraw'; readonly ask: Ask; readonly cancel: Cancel }
  | { readonly do: 'end'; readonly end: SagaEnd }
  | { readonly do: 'wait' }

export interface Decided {
  readonly type: 'decided'
  readonly state: SagaState
  readonly next: Next
  readonly entries: readonly HistoryEntry[]
  readonly note: { readonly type: NoteType; readonly detail: string } | null
}

export type Decision =
  | Decided
  | { readonly type: 'ignored'; readonly reason: string; readonly note: NoteType }
  | { readonly type: 'parked'; readonly code: 'PLAN_THROWS'; readonly message: string }

type Running = Extract<Phase, { readonly at: 'running' }>
type Undoing = Extract<Phase, { readonly at: 'undoing' }>

export interface Begin {
  readonly saga: SagaRef
  readonly input: unknown
  readonly now: Time
  /** A cancel that came before the start. */
  readonly wish: Cancel | null
}

/**
 * The first decision of a saga: ask the first step, or withdraw it when a cancel came first (never a
 * retriable).
 */
export function begin(plan: Plan, { saga, input, now, wish: early }: Begin): Decision {
  const first = stepAt(plan, 0)
  const wish = first.kind === 'retriable' ? null : early
  const phase: Phase = { at: 'running', step: first.name, askedAt: now, asks: 0, until: null, wish }
  const { version, fingerprint } = plan
  const state: SagaState = { saga, version, fingerprint, input, results: {}, seq: 1, startedAt: now, phase }
  return guarded(() => {
    const ask = askOf(plan, state, { step: first, direction: 'run', askedAt: now })
    const next: Next = wish === null ? { do: 'ask', ask } : { do: 'withdraw', ask, cancel: wish }
    const note = early === null ? null : earlyCancel(early, wish !== null)
    return { type: 'decided', state, next, entries: [{ type: 'started', input }, asked(ask)], note }
  })
}

function earlyCancel({ by, reason }: Cancel, kept: boolean): Decided['note'] {
  return kept
    ? { type: 'cancel-requested', detail: `${by}: ${reason}` }
    : { type: 'cancel-refused', detail: `${reason}: the first step cannot be withdrawn` }
}

/** What a saga does about a signal. */
export function decide(plan: Plan, state: SagaState, signal: Signal, now: Time): Decision {
  const { phase } = state
  switch (phase.at) {
    case 'running':
      return guarded(() => decideRunning(plan, { ...state, phase }, signal, now))
    case 'undoing':
      return guarded(() => decideUndoing(plan, { ...state, phase }, signal, now))
    case 'completed':
    case 'compensated':
      return signal.type === 'cancel'
        ? { type: 'ignored', reason: `the saga is ${phase.at} already`, note: 'cancel-refused' }
        : ignored(`late: the saga is ${phase.at}`)
    default:
      return phase satisfies never
  }
}

type RunningState = SagaState & { readonly phase: Running }
type UndoingState = SagaState & { readonly phase: Undoing }

function decideRunning(plan: Plan, state: RunningState, signal: Signal, now: Time): Decision {
  const step = stepOf(plan, state.phase.step)
  if ('operation' in signal && signal.operation !== operationId(state.saga, step.name, 'run'))
    return isAhead(plan, state, { step, operation: signal.operation })
      ? keptEarly(state, signal)
      : ignored('late: the operation is settled')
  switch (signal.type) {
    case 'answered':
      return onAnswer(plan, state, { step, answer: signal.answer, goesOn: signal.goesOn, now })
    case 'accepted':
      if (state.phase.until !== null) return ignored('duplicate: deferred already')
      return {
        type: 'decided',
        state: {
          ...without(state, (said) => said.type === 'accepted' && said.operation === signal.operation),
          seq: state.seq + 1,
          phase: { ...state.phase, until: signal.until },
        },
        next: { do: 'wait' },
        entries: [{ type: 'accepted', step: step.name, until: signal.until }],
        note: null,
      }
    case 'cancel':
      return onCancel(plan, state, step, signal.cancel)
    case 'overdue':
      return askAgain(plan, state, step)
    default:
      return signal satisfies never
  }
}

/** Whether an operation may have been taken up with the outstanding one. */
function isAhead(
  plan: Plan,
  { saga }: SagaState,
  { step, operation }: { step: Step; operation: string },
): boolean {
  if (saga.pattern !== 'orchestration') return false
  const later = plan.steps.slice(plan.steps.indexOf(step) + 1)
  const end = later.findIndex(({ pipelined }) => !pipelined)
  const ahead = end < 0 ? later : later.slice(0, end)
  return ahead.some(({ name }) => operation === operationId(saga, name, 'run'))
}

/** The word about the step before is still on its way. */
function keptEarly(state: RunningState, said: Said): Decision {
  const { early = [] } = state
  if (early.some(({ type, operation }) => type === said.type && operation === said.operation))
    return ignored('duplicate: heard early')
  return {
    type: 'decided',
    state: { ...state, early: [...early, said] },
    next: { do: 'wait' },
    entries: [],
    note: null,
  }
}

/** What was heard early about the operation that is outstanding now: it is to be decided on next. */
export function heardEarly({ saga, phase, early = [] }: SagaState): Said | null {
  if (phase.at !== 'running') return null
  return early.find(({ operation }) => operation === operationId(saga, phase.step, 'run')) ?? null
}

function without<S extends SagaState>(state: S, isOver: (said: Said) => boolean): S {
  const { early = [], ...rest } = state
  const left = early.filter((said) => !isOver(said))
  return (left.length === 0 ? rest : { ...rest, early: left }) as S
}

function onCancel(plan: Plan, state: RunningState, step: Step, cancel: Cancel): Decision {
  if (step.kind === 'retriable') {
    return { type: 'ignored', reason: 'past the point of no return', note: 'cancel-refused' }
  }
  if (state.phase.wish !== null) return ignored('duplicate: a cancel is under way')
  const ask = askOf(plan, state, { step, direction: 'run', askedAt: state.phase.askedAt })
  return {
    type: 'decided',
    state: { ...state, phase: { ...state.phase, wish: cancel } },
    next: { do: 'withdraw', ask, cancel },
    entries: [],
    note: { type: 'cancel-requested', detail: `${cancel.by}: ${cancel.reason}` },
  }
}

function askAgain(plan: Plan, state: RunningState, step: Step): Decision {
  const { askedAt, asks, wish } = state.phase
  const ask = askOf(plan, state, { step, direction: 'run', askedAt })
  return {
    type: 'decided',
    state: { ...state, phase: { ...state.phase, asks: asks + 1 } },
    next: wish === null ? { do: 'ask', ask } : { do: 'withdraw', ask, cancel: wish },
    entries: [],
    note: { type: 'overdue', detail: `waiting for ${ask.participant}.${ask.request}` },
  }
}

function onAnswer(
  plan: Plan,
  state: RunningState,
  heard: { step: Step; answer: Answer; goesOn: GoesOn | undefined; now: Time },
): Decision {
  const { step, answer, goesOn, now } = heard
  const { wish } = state.phase
  const answered: HistoryEntry = {
    type: 'answered',
    step: step.name,
    status: answer.status,
    data: dataOf(answer),
  }
  if (answer.status === 'succeeded') {
    const known: RunningState = { ...state, results: kept(state, step, answer.output) }
    const next = goesOn === undefined ? null : goForward(plan, step)
    if (next?.to === 'run' && goesOn?.operation === operationId(state.saga, next.step.name, 'run'))
      return goneOn(plan, known, { from: step, to: next.step, askedAt: goesOn.at, before: [answered] })
    if (wish === null || step.kind === 'retriable')
      return moved(plan, known, { route: goForward(plan, step), before: [answered], now })
    if (step.kind === 'pivot') {
      const decision = moved(plan, known, { route: goForward(plan, step), before: [answered], now })
      const detail = `${wish.reason}: '${step.name}' had succeeded`
      return decision.type === 'decided'
        ? { ...decision, note: { type: 'cancel-refused', detail } }
        : decision
    }
    const because: Because = { step: step.name, status: 'cancelled', reason: wish.reason, data: null }
    const cancelled: HistoryEntry = { type: 'cancelled', step: step.name, reason: wish.reason }
    return moved(plan, known, {
      route: goBack(plan, step, { including: true, because }),
      before: [answered, cancelled],
      now,
    })
  }
  const turn = failure(step, answer)
  if (turn === null) return ignored(`impossible: a ${step.kind} was answered ${answer.status}`)
  const before: HistoryEntry[] = [answered]
  if (turn.because.status === 'cancelled')
    before.push({ type: 'cancelled', step: step.name, reason: turn.because.reason })
  return moved(plan, state, { route: goBack(plan, step, turn), before, now })
}

/** The participant is at the next step already: nobody asks, and what a cancel can still stop is that step. */
function goneOn(
  plan: Plan,
  state: RunningState,
  at: { from: Step; to: Step; askedAt: Time; before: readonly HistoryEntry[] },
): Decision {
  const { from, to, askedAt, before } = at
  const { wish } = state.phase
  const settled = operationId(state.saga, from.name, 'run')
  const isLate = from.kind === 'pivot' || to.kind === 'retriable'
  const kept = isLate ? null : wish
  const { participant, request } = to.run.ref
  const next: Next =
    kept === null
      ? { do: 'wait' }
      : { do: 'withdraw', ask: askOf(plan, state, { step: to, direction: 'run', askedAt }), cancel: kept }
  return {
    type: 'decided',
    state: {
      ...without(state, ({ operation }) => operation === settled),
      seq: state.seq + 1,
      phase: { at: 'running', step: to.name, askedAt, asks: 0, until: null, wish: kept },
    },
    next,
    entries: [...before, asked({ step: to.name, direction: 'run', participant, request })],
    note:
      wish === null || kept !== null
        ? null
        : { type: 'cancel-refused', detail: `${wish.reason}: '${from.name}' had succeeded` },
  }
}

function decideUndoing(plan: Plan, state: UndoingState, signal: Signal, now: Time): Decision {
  const step = stepOf(plan, state.phase.step)
  const { because, askedAt, asks } = state.phase
  switch (signal.type) {
    case 'answered': {
      if (signal.operation !== operationId(state.saga, step.name, 'undo'))
        return ignored('late: the operation is settled')
      if (signal.answer.status !== 'succeeded')
        return ignored(`impossible: an undo was answered ${signal.answer.status}`)
      const before: HistoryEntry[] = [{ type: 'undone', step: step.name }]
      return moved(plan, state, { route: goBack(plan, step, { including: false, because }), before, now })
    }
    case 'accepted':
      return ignored('late: the operation is settled')
    case 'cancel':
      return { type: 'ignored', reason: 'the saga is going back already', note: 'cancel-refused' }
    case 'overdue': {
      const ask = askOf(plan, state, { step, direction: 'undo', askedAt })
      return {
        type: 'decided',
        state: { ...state, phase: { ...state.phase, asks: asks + 1 } },
        next: { do: 'ask', ask },
        entries: [],
        note: { type: 'overdue', detail: `waiting for ${ask.participant}.${ask.request}` },
      }
    }
    default:
      return signal satisfies never
  }
}

/** Takes a route: the next step's run, the next undo, or the end. */
function moved(
  plan: Plan,
  from: SagaState,
  to: { route: Route; before: readonly HistoryEntry[]; now: Time },
): Decision {
  const { route, before, now } = to
  const state = without(from, () => true)
  const seq = state.seq + 1
  const turning = route.to === 'run' || route.to === 'completed' || state.phase.at === 'undoing'
  const entries = turning ? before : [...before, { type: 'going-back' as const, because: route.because }]
  if (route.to === 'run' || route.to === 'undo') {
    const phase: Phase =
      route.to === 'run'
        ? { at: 'running', step: route.step.name, askedAt: now, asks: 0, until: null, wish: null }
        : { at: 'undoing', step: route.step.name, askedAt: now, asks: 0, because: route.because }
    const ask = askOf(plan, state, { step: route.step, direction: route.to, askedAt: now })
    const next: Next = { do: 'ask', ask }
    return {
      type: 'decided',
      state: { ...state, seq, phase },
      next,
      entries: [...entries, asked(ask)],
      note: null,
    }
  }
  const end = endOf(plan, state, route)
  const phase: Phase =
    route.to === 'completed'
      ? { at: 'completed', endedAt: now }
      : { at: 'compensated', endedAt: now, because: route.because }
  const ended: HistoryEntry = { type: 'ended', status: end.status, data: end.data }
  return {
    type: 'decided',
    state: { ...state, seq, phase },
    next: { do: 'end', end },
    entries: [...entries, ended],
    note: null,
  }
}

// No output, no result: a key without a value would not survive the bus, and both patterns must agree.
function kept(state: SagaState, step: Step, output: unknown): SagaState['results'] {
  return output === undefined ? state.results : { ...state.results, [step.name]: output }
}

function asked({
  step,
  direction,
  participant,
  request,
}: Pick<Ask, 'step' | 'direction' | 'participant' | 'request'>): HistoryEntry {
  return { type: 'asked', step, direction, participant, request }
}

function dataOf(answer: Answer): unknown {
  switch (answer.status) {
    case 'succeeded':
      return answer.output ?? null
    case 'rejected':
      return { rejection: answer.rejection, data: answer.data ?? null }
    case 'withdrawn':
      return { reason: answer.reason }
    case 'faulted':
    case 'unknown':
      return { error: answer.error }
    default:
      return answer satisfies never
  }
}

function ignored(reason: string): Decision {
  return { type: 'ignored', reason, note: 'ignored' }
}

function stepAt(plan: Plan, index: number): Step {
  const step = plan.steps[index]
  if (step === undefined) throw new RangeError(`plan '${plan.name}' has no step ${index}`)
  return step
}

function guarded(decideIt: () => Decision): Decision {
  try {
    return decideIt()
  } catch (error) {
    if (error instanceof PlanThrows) return { type: 'parked', code: 'PLAN_THROWS', message: error.message }
    throw error
  }
}
