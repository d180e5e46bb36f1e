// Owns: how decisions and answers become messages: ids, topics, keys. Pure.
// I1: the id of a message is made of what it is about, so that sending it again sends the same id.
import {
  decisionId,
  eventNames,
  ORCHESTRATOR,
  TOPIC,
  type Answer,
  type Ask,
  type Cancel,
  type CommandMessage,
  type Decided,
  type EndedMessage,
  type EventMessage,
  type Message,
  type Note,
  type NoteMessage,
  type RequestRef,
  type SagaRef,
  type SagaState,
  type Slip,
  type Time,
  type WithdrawMessage,
} from '@ensemble/core'
import { lengthOf } from './shell/room.ts'

/** Characters of the messages that carry a slip: what a Kafka broker takes by default, with room to spare. */
export const SLIP_LENGTH_MAX = 500_000

export function sagaKey(saga: Pick<SagaRef, 'plan' | 'id'>): string {
  return `${saga.plan}/${saga.id}`
}

export function historyOf(decided: Decided, now: Time): readonly Message[] {
  if (decided.entries.length === 0) return []
  const { saga, seq } = decided.state
  const id = decisionId(saga, seq)
  return [
    { type: 'history', id, topic: TOPIC.history, key: saga.id, saga, seq, at: now, entries: decided.entries },
  ]
}

export function noteOf(saga: SagaRef, note: Note, sent: { source: string; at: Time }): NoteMessage {
  const id = `${sagaKey(saga)}~${note.type}~${note.operation ?? ''}~${note.attempt}~${sent.at}`
  return { type: 'note', id, topic: TOPIC.history, key: saga.id, saga, note, ...sent }
}

export function endedOf(state: SagaState, end: EndedMessage['end'], now: Time): EndedMessage {
  const { saga } = state
  const name = `${saga.plan}.${end.status}`
  return {
    type: 'ended',
    id: `${sagaKey(saga)}#ended`,
    topic: TOPIC.ended,
    key: saga.id,
    name,
    saga,
    at: now,
    end,
  }
}

export function withdrawOf(
  about: { saga: SagaRef; plan: WithdrawMessage['plan']; ask: Ask },
  cancel: Cancel,
  issuedAt: Time,
): WithdrawMessage {
  const topic = TOPIC.commands(about.ask.participant)
  return {
    type: 'withdraw',
    id: `${about.ask.operation}#withdraw`,
    topic,
    key: about.saga.id,
    ...about,
    ask: alone(about.ask),
    cancel,
    supply: null,
    issuedAt,
  }
}

/** Characters of the asks that are sent along with one: what is longer is asked for when it is its turn. */
const PIPELINED_LENGTH_MAX = 50_000

/** `asks` tells repeated askings apart. */
export function commandOf(
  about: Pick<CommandMessage, 'saga' | 'plan' | 'ask'>,
  asks: number,
): CommandMessage {
  const { saga } = about
  const { pipelined } = about.ask
  const ask =
    pipelined !== undefined && lengthOf(pipelined) > PIPELINED_LENGTH_MAX ? alone(about.ask) : about.ask
  const topic = TOPIC.commands(ask.participant)
  return { type: 'command', id: `${ask.operation}#${asks}`, topic, key: saga.id, ...about, ask }
}

function alone(ask: Ask): Ask {
  if (ask.pipelined === undefined) return ask
  const { pipelined: _pipelined, ...own } = ask
  return own
}

/** What the orchestrator sends for a decision. */
export function commandsOf(decided: Decided, now: Time): readonly Message[] {
  const { state, next } = decided
  const { saga, version, fingerprint } = state
  const plan = { version, fingerprint }
  switch (next.do) {
    case 'ask':
      return [commandOf({ saga, plan, ask: next.ask }, 'asks' in state.phase ? state.phase.asks : 0)]
    case 'withdraw':
      return [withdrawOf({ saga, plan, ask: next.ask }, next.cancel, now)]
    case 'end':
      return [endedOf(state, next.end, now)]
    case 'wait':
      return []
    default:
      return next satisfies never
  }
}

/** The public event in which an operation's answer is published. */
export function answerEvent(
  about: { ref: RequestRef; operation: string; saga: SagaRef | null; key: string },
  answer: Answer | { readonly status: 'accepted'; readonly until: Time },
  sent: { at: Time; slip: Slip | null },
): EventMessage {
  const { ref, operation, saga } = about
  return {
    type: 'event',
    id: `${operation}#${answer.status === 'accepted' ? 'accepted' : 'answer'}`,
    topic: TOPIC.events(ref.participant),
    key: about.key,
    name: answer.status === 'succeeded' ? eventNames.succeeded(ref) : eventNames.other(ref, answer.status),
    source: ref.participant,
    at: sent.at,
    data: eventData(answer),
    saga,
    operation,
    answer,
    slip: sent.slip,
    again: 0,
  }
}

function eventData(answer: Answer | { readonly status: 'accepted'; readonly until: Time }): unknown {
  switch (answer.status) {
    case 'succeeded':
      return answer.output
    case 'rejected':
      return { rejection: answer.rejection, data: answer.data }
    case 'withdrawn':
      return { reason: answer.reason }
    case 'accepted':
      return { until: answer.until }
    case 'faulted':
    case 'unknown':
      return { error: answer.error }
    default:
      return answer satisfies never
  }
}

export function cancelOf(saga: SagaRef, cancel: Cancel, issuedAt: Time): Message {
  const topic = TOPIC.commands(ORCHESTRATOR)
  return { type: 'cancel', id: `${sagaKey(saga)}#cancel`, topic, key: saga.id, saga, cancel, issuedAt }
}
