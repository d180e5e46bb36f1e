// Owns: the messages that travel on the bus, and the topics they travel on. Plain JSON.
// I1: a message's `id` is stable: sent again, it is the same id.
// I2: commands, starts, withdraws and cancels carry `issuedAt` of their first asking, so that age can be
// judged.
import type { Answer, Time } from '../contract/outcome.ts'
import type { HistoryRecord, Note } from '../kernel/history.ts'
import type { SagaEnd } from '../kernel/ask.ts'
import type { Ask, Cancel, PlanVersion, SagaRef, SagaState } from '../kernel/saga.ts'

/**
 * The turn of a choreographed saga: its state and the one operation that the named participant shall do
 * next.
 */
export interface Slip {
  readonly state: SagaState
  readonly ask: Ask
}

interface Base {
  readonly id: string
  readonly topic: string
  /** Messages of one key keep their order as far as the bus can; nothing relies on it. */
  readonly key: string
  /** The service that has handled it in the transaction that sent it: whatever it means to others, there it is done. */
  readonly handledBy?: string
  /** Services that have followed it in that transaction, or have set it aside to do so later. */
  readonly followedBy?: readonly string[]
}

/** A saga was started: the orchestrator takes it up, or in choreography whom `slip.ask` names. */
export interface StartMessage extends Base {
  readonly type: 'start'
  readonly saga: SagaRef
  readonly plan: PlanVersion
  readonly input: unknown
  readonly issuedAt: Time
  readonly slip: Slip | null
  /**
   * 0 the first time; n repairs lost messages: everyone who has passed the turn on sends its event again,
   * once per n.
   */
  readonly again: number
}

/** The orchestrator asks a participant for one operation. */
export interface CommandMessage extends Base {
  readonly type: 'command'
  readonly saga: SagaRef
  readonly plan: PlanVersion
  readonly ask: Ask
}

/**
 * Asks for an outstanding operation not to happen; an operator may supply the outcome to store instead of
 * `withdrawn`.
 */
export interface WithdrawMessage extends Base {
  readonly type: 'withdraw'
  readonly saga: SagaRef
  readonly plan: PlanVersion
  /**
   * In orchestration, and on a forwarded cancel, the ask of the run; null when a starter cancels a
   * choreographed saga.
   */
  readonly ask: Ask
  readonly cancel: Cancel
  readonly supply: Answer | null
  readonly issuedAt: Time
}

/** Wishes that a saga be undone; to the orchestrator. */
export interface CancelMessage extends Base {
  readonly type: 'cancel'
  readonly saga: SagaRef
  readonly cancel: Cancel
  readonly issuedAt: Time
}

/**
 * Something happened. An operation's outcome is its participant's public event, published once in both
 * patterns;
 * `operation` and `answer` are for the asker, `slip` for the next holder of a choreographed saga's turn: null where
 * `handledBy` has taken it.
 */
export interface EventMessage extends Base {
  readonly type: 'event'
  readonly name: string
  readonly source: string
  readonly at: Time
  readonly data: unknown
  readonly saga: SagaRef | null
  readonly operation: string | null
  readonly answer: Answer | { readonly status: 'accepted'; readonly until: Time } | null
  readonly slip: Slip | null
  readonly again: number
  /** The operation that was sent along with this one, and that the participant has now taken up by itself. */
  readonly goesOnWith?: string
}

/** A saga ended: `<plan>.completed` or `<plan>.compensated`, on `saga.ended` in both patterns. */
export interface EndedMessage extends Base {
  readonly type: 'ended'
  readonly name: string
  readonly saga: SagaRef
  readonly at: Time
  readonly end: SagaEnd
}

/** A due time of a service's own. */
export interface TimerMessage extends Base {
  readonly type: 'timer'
  readonly name: string
  readonly at: Time
  readonly data: unknown
  readonly saga: SagaRef | null
}

/** A message that was set aside and is due to be tried again; `attempt` counts the tries so far. */
export interface RetryMessage extends Base {
  readonly type: 'retry'
  readonly attempt: number
  readonly message: Message
}

/** One decision of several. */
export interface HistoryTold extends Pick<HistoryRecord, 'seq' | 'at' | 'entries'> {
  /** Who decided, where that was in another service's transaction. */
  readonly source?: string
}

export interface HistoryMessage extends Base, HistoryRecord, HistoryTold {
  readonly type: 'history'
  /** What the same transaction has decided about the saga after that. */
  readonly more?: readonly HistoryTold[]
}

/** Of the message that tells of one decision. */
export function decisionId({ plan, id }: Pick<SagaRef, 'plan' | 'id'>, seq: number): string {
  return `${plan}/${id}#${seq}`
}

/** Each decision that a message tells of as a message of its own, with the id that it has then; any other as it is. */
export function decisionsApart(message: Message): readonly Message[] {
  if (message.type !== 'history' || message.more === undefined) return [message]
  const { more, ...first } = message
  const { type, topic, key, saga } = first
  const rest = more.map((told): HistoryMessage => {
    const id = decisionId(saga, told.seq)
    return { type, id, topic, key, saga, ...told }
  })
  return [first, ...rest]
}

export interface NoteMessage extends Base {
  readonly type: 'note'
  readonly saga: SagaRef
  readonly at: Time
  readonly source: string
  readonly note: Note
}

export type Message =
  | StartMessage
  | CommandMessage
  | WithdrawMessage
  | CancelMessage
  | EventMessage
  | EndedMessage
  | TimerMessage
  | RetryMessage
  | HistoryMessage
  | NoteMessage

export type MessageType = Message['type']

/** Whether it goes over the bus. A command or a start is for one service, and that one has done it. */
export function goesOut({ type, handledBy }: Pick<Message, 'type' | 'handledBy'>): boolean {
  return handledBy === undefined || (type !== 'command' && type !== 'start')
}

export const TOPIC = {
  started: 'saga.started',
  ended: 'saga.ended',
  history: 'saga.history',
  /** What is addressed to one service: commands, withdraws, its own timers and retries. */
  commands: (service: string): string => `${service}.commands`,
  events: (participant: string): string => `${participant}.events`,
  /** What a service could not handle; nobody in the system reads it. */
  deadLetters: (service: string): string => `${service}.dead-letters`,
} as const

/** The service that advances orchestrated sagas; its cancels and timers go to `orchestrator.commands`. */
export const ORCHESTRATOR = 'orchestrator'
