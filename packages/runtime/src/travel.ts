// Owns: the choreographed executor: what the holder of a saga's turn sends after an answer. Pure.
// I1: the turn passes in the transaction that stores the answer and sends the event; the event carries the
// whole saga.
// I2: a decision that cannot be made (a plan function throws) keeps the turn here, parked.
import {
  decide,
  plain,
  type Answer,
  type Cancel,
  type Message,
  type RequestRef,
  type SagaState,
  type Slip,
  type Time,
} from '@ensemble/core'
import type { PlanBook } from './plans.ts'
import { answerEvent, endedOf, historyOf, noteOf } from './letters.ts'

export interface Turn {
  readonly slip: Slip
  readonly ref: RequestRef
  /** A cancel noted while the turn was here. */
  readonly wish: Cancel | null
}

export type Travelled =
  | { readonly type: 'passed'; readonly messages: readonly Message[] }
  | { readonly type: 'parked'; readonly code: string; readonly message: string }

/**
 * The messages that pass the turn after an operation's answer: its event with the next slip, or the saga's
 * end; and history.
 */
export function travel(plans: PlanBook, turn: Turn, answer: Answer, now: Time): Travelled {
  const { slip, ref } = turn
  const plan = plans.find(slip.state.saga.plan, slip.state)
  const state = withWish(slip.state, turn.wish)
  const operation = slip.ask.operation
  // The next step's input must be computed from what the bus would carry, as it is in orchestration.
  const decision = decide(plan, state, { type: 'answered', operation, answer: plain(answer) }, now)
  if (decision.type === 'parked') return decision
  const { saga } = state
  const about = { ref, operation, saga, key: saga.id }
  if (decision.type === 'ignored')
    return { type: 'parked', code: 'IMPOSSIBLE_ANSWER', message: decision.reason }
  const { next } = decision
  const passed = next.do === 'ask' ? { state: decision.state, ask: next.ask } : null
  const messages: Message[] = [
    answerEvent(about, answer, { at: now, slip: passed }),
    ...historyOf(decision, now),
  ]
  if (next.do === 'end') messages.push(endedOf(decision.state, next.end, now))
  if (decision.note !== null) {
    messages.push(
      noteOf(saga, { ...decision.note, operation, attempt: 0 }, { source: ref.participant, at: now }),
    )
  }
  return { type: 'passed', messages }
}

/** What a holder that defers sends, and the slip that it keeps. */
export function holdDeferred(
  plans: PlanBook,
  turn: Turn,
  times: { readonly until: Time; readonly now: Time },
): { readonly slip: Slip; readonly messages: readonly Message[] } {
  const { slip, ref } = turn
  const { until, now } = times
  const plan = plans.find(slip.state.saga.plan, slip.state)
  const { operation } = slip.ask
  const decision = decide(plan, slip.state, { type: 'accepted', operation, until }, now)
  const about = { ref, operation, saga: slip.state.saga, key: slip.state.saga.id }
  const event = answerEvent(about, { status: 'accepted', until }, { at: now, slip: null })
  if (decision.type !== 'decided') return { slip, messages: [event] }
  return { slip: { ...slip, state: decision.state }, messages: [event, ...historyOf(decision, now)] }
}

function withWish(state: SagaState, wish: Cancel | null): SagaState {
  if (wish === null || state.phase.at !== 'running') return state
  return { ...state, phase: { ...state.phase, wish } }
}
