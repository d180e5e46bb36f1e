// Owns: the kinds of work that reach a participant, whatever message brought them, and how messages become
// work. Pure.
import {
  check,
  isRecord,
  type Ask,
  type Cancel,
  type Answer,
  type Checked,
  type Message,
  type PlanVersion,
  type RequestRef,
  type SagaRef,
  type Schema,
  type Slip,
  type Time,
} from '@ensemble/core'
import { EnsembleError, errorInfo } from '../errors.ts'
import type { EventHandler, Handler, Implementation } from '../handlers.ts'
import { lengthOf } from '../shell/room.ts'

interface Common {
  /** The message that brought it; set aside or stored as the origin of what is still to be answered. */
  readonly message: Message
  /** Tries before this one, from the retry that brought it; 0 the first time. */
  readonly attempt: number
}

export interface RunWork extends Common {
  readonly do: 'run'
  readonly handler: Handler
  readonly saga: SagaRef
  readonly plan: PlanVersion
  readonly ask: Ask
  /** The input as the contract gives it. */
  readonly input: Checked<unknown>
  readonly slip: Slip | null
  readonly again: number
}

export interface WithdrawWork extends Common {
  readonly do: 'withdraw'
  readonly handler: Handler
  readonly saga: SagaRef
  readonly plan: PlanVersion
  readonly ask: Ask
  readonly input: Checked<unknown>
  readonly cancel: Cancel
  readonly supply: Answer | null
  readonly issuedAt: Time
}

/** An event followed, or a timer: an operation of the subscriber that answers nobody. */
export interface FollowWork extends Common {
  readonly do: 'follow'
  readonly handler: EventHandler
  readonly operation: string
  readonly saga: SagaRef | null
  readonly input: Checked<unknown>
  /** When the event happened, or the timer was due. */
  readonly sentAt: Time
}

/** A service's own call of its own request, e.g. from HTTP. */
export interface LocalWork {
  readonly do: 'local'
  readonly handler: Handler
  readonly operation: string
  /** Whether the outcome, success or refusal, is stored, so that the same operation again answers the same. */
  readonly stored: boolean
  readonly saga: SagaRef | null
  readonly input: Checked<unknown>
}

export function lengthOfInput({ input }: LocalWork): number {
  return lengthOf(input)
}

/** A parked decision is made again. */
export interface ResumeWork extends Common {
  readonly do: 'resume'
  readonly operation: string
  /** The try that set this timer; null when an operator asks for one more. */
  readonly tried: number | null
}

export type Work = RunWork | WithdrawWork | FollowWork | LocalWork | ResumeWork

/** What one service answers for. */
export interface Service {
  readonly name: string
  readonly handlers: ReadonlyMap<string, Handler>
  readonly follows: ReadonlyMap<string, readonly EventHandler[]>
  readonly timers: ReadonlyMap<string, readonly EventHandler[]>
}

export const RESUME_TIMER = 'saga.resume'

export function serviceOf(name: string, implementation: Implementation | null): Service {
  const grouped = (handlers: readonly EventHandler[]): Map<string, EventHandler[]> =>
    Map.groupBy(handlers, (handler) => handler.name)
  return {
    name,
    handlers: implementation?.handlers ?? new Map(),
    follows: grouped(implementation?.follows ?? []),
    timers: grouped(implementation?.timers ?? []),
  }
}

/**
 * The work that a message means for this service; none when it is for others. `attempt` is set when a retry
 * brought it.
 */
export function worksOf(service: Service, message: Message, attempt = 0): readonly Work[] {
  switch (message.type) {
    case 'retry':
      return worksOf(service, message.message, message.attempt)
    case 'command':
      if (message.ask.participant !== service.name) return []
      return [
        runWork(service, {
          message,
          attempt,
          saga: message.saga,
          plan: message.plan,
          ask: message.ask,
          slip: null,
          again: 0,
        }),
      ]
    case 'start':
    case 'event':
      return [
        ...slipWorks(service, message, attempt),
        ...(message.type === 'event' ? followWorks(service, message, attempt) : []),
      ]
    case 'withdraw': {
      const { saga, plan, ask, cancel, supply, issuedAt } = message
      if (ask.participant !== service.name) return []
      const handler = handlerOf(service, ask)
      const input = checkedOnce(handler.ref.spec.input, ask.input)
      return [{ do: 'withdraw', message, attempt, handler, saga, plan, ask, input, cancel, supply, issuedAt }]
    }
    case 'timer':
      return timerWorks(service, message, attempt)
    case 'ended':
      return followWorks(service, { ...message, data: endData(message.end.data, message.saga) }, attempt)
    case 'cancel':
    case 'history':
    case 'note':
      return []
    default:
      return message satisfies never
  }
}

function endData(data: unknown, saga: SagaRef): unknown {
  return isRecord(data) ? { ...data, saga } : { data, saga }
}

function runWork(service: Service, work: Omit<RunWork, 'do' | 'handler' | 'input'>): RunWork {
  const handler = handlerOf(service, work.ask)
  return { do: 'run', handler, input: checkedOnce(handler.ref.spec.input, work.ask.input), ...work }
}

function slipWorks(
  service: Service,
  message: Extract<Message, { type: 'start' | 'event' }>,
  attempt: number,
): readonly Work[] {
  const { slip, again } = message
  if (slip === null || slip.ask.participant !== service.name) return []
  const { saga, version, fingerprint } = slip.state
  return [
    runWork(service, { message, attempt, saga, plan: { version, fingerprint }, ask: slip.ask, slip, again }),
  ]
}

function followWorks(
  service: Service,
  message: Extract<Message, { type: 'event' | 'ended' }> & { readonly data: unknown },
  attempt: number,
): readonly FollowWork[] {
  const handlers = service.follows.get(message.name) ?? []
  return handlers.map((handler) => {
    const operation = `${message.id}>${service.name}/${handler.group.name}`
    const input = checkedOnce(handler.schema, message.data)
    return {
      do: 'follow',
      message,
      attempt,
      handler,
      operation,
      saga: message.saga,
      input,
      sentAt: message.at,
    }
  })
}

function timerWorks(
  service: Service,
  message: Extract<Message, { type: 'timer' }>,
  attempt: number,
): readonly Work[] {
  if (message.name === RESUME_TIMER && typeof message.data === 'string') {
    const tried = /~(\d+)$/.exec(message.id)?.[1]
    return [
      {
        do: 'resume',
        message,
        attempt,
        operation: message.data,
        tried: tried === undefined ? null : Number(tried),
      },
    ]
  }
  const handlers = service.timers.get(message.name) ?? []
  return handlers.map((handler) => {
    const input = checkedOnce(handler.schema, message.data)
    const { id, saga, at } = message
    return { do: 'follow', message, attempt, handler, operation: id, saga, input, sentAt: at }
  })
}

/** Errors: CONTRACT_UNKNOWN when the request, or its version, is newer than this instance. */
function handlerOf(service: Service, ask: Ask): Handler {
  const handler = service.handlers.get(ask.request)
  if (handler === undefined) {
    throw new EnsembleError(
      'CONTRACT_UNKNOWN',
      `'${service.name}' does not know the request '${ask.request}'`,
    )
  }
  const known = handler.ref.spec.version ?? 1
  if (ask.contract > known) {
    throw new EnsembleError(
      'CONTRACT_UNKNOWN',
      `${ask.participant}.${ask.request} version ${ask.contract} is newer than version ${known} known here`,
    )
  }
  return handler
}

/**
 * Checks what a work is about when the work is made; a schema that throws is a problem of the data, not of
 * the batch.
 */
export function checkedOnce(schema: Schema, value: unknown): Checked<unknown> {
  try {
    return check(schema, value)
  } catch (error) {
    return { ok: false, problems: [errorInfo(error).message] }
  }
}

/** The checked input. Errors: INPUT_INVALID naming the fields. */
export function validInput(ref: RequestRef, checked: Checked<unknown>): unknown {
  if (checked.ok) return checked.value
  throw new EnsembleError('INPUT_INVALID', `input of ${ref.participant}.${ref.request}`, checked.problems)
}
