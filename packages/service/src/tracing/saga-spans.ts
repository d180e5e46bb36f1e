// Owns: what a message that was sent, or a call that was made, says of its saga, as a span. Pure.
// I1: a saga's trace id is made of its plan and id, so every process knows it, and no message has to carry it.
// I2: a message says the same again when it is made again; a message that only asks says nothing, its answer does.
import { createHash } from 'node:crypto'
import type { EventMessage, HistoryMessage, Message, NoteMessage, SagaRef } from '@ensemble/core'
import type { CallTold } from '@ensemble/runtime'

type Values = Readonly<Record<string, string | number>>

export interface SagaSpan {
  readonly saga: SagaRef
  readonly name: string
  /** Whether all other spans of the saga are below this one. */
  readonly isRoot: boolean
  readonly isFault: boolean
  readonly attributes: Values
  /** What happened in it, in order. */
  readonly events: readonly { readonly name: string; readonly attributes: Values }[]
}

/** Ids as W3C Trace Context has them: of the trace, and of its first span. */
export interface SagaTrace {
  readonly traceId: string
  readonly spanId: string
}

const TRACE_ID_LENGTH = 32
const SPAN_ID_LENGTH = 16
const FAULTS: ReadonlySet<string> = new Set(['faulted', 'unknown', 'parked', 'not done', 'doubt'])

export function traceOf({ plan, id }: Pick<SagaRef, 'plan' | 'id'>): SagaTrace {
  const digest = createHash('sha256').update(`${plan}/${id}`).digest('hex')
  return {
    traceId: digest.slice(0, TRACE_ID_LENGTH),
    spanId: digest.slice(TRACE_ID_LENGTH, TRACE_ID_LENGTH + SPAN_ID_LENGTH),
  }
}

/** Null for what is no news of a saga. */
export function spanOf(message: Message): SagaSpan | null {
  switch (message.type) {
    case 'start': {
      const { saga, again } = message
      const name = again === 0 ? `start ${saga.plan}` : `start ${saga.plan} again`
      return { ...plain(saga, name), isRoot: again === 0 }
    }
    case 'event':
      return spanOfEvent(message)
    case 'history':
      return spanOfDecision(message)
    case 'note':
      return spanOfNote(message)
    case 'command':
    case 'withdraw':
    case 'cancel':
    case 'ended':
    case 'timer':
    case 'retry':
      return null
  }
}

/** An event that answers no operation is a service's own, and may come of no saga at all. */
function spanOfEvent({ saga, operation, answer, name }: EventMessage): SagaSpan | null {
  if (saga === null || operation === null || answer === null) return null
  const { title, attributes } = operationOf(operation)
  const { status } = answer
  return {
    ...plain(saga, title),
    isFault: FAULTS.has(status),
    attributes: { ...attributes, 'saga.outcome': status, 'saga.event': name },
  }
}

function spanOfDecision({ saga, seq, entries }: HistoryMessage): SagaSpan {
  const events = entries.map((entry) => ({
    name: entry.type,
    attributes: {
      ...('step' in entry && { 'saga.step': entry.step }),
      ...('direction' in entry && { 'saga.direction': entry.direction }),
      ...('status' in entry && { 'saga.outcome': entry.status }),
    },
  }))
  const last = entries.at(-1)
  const about = last === undefined ? '' : ` ${last.type}${wordOf(last)}`
  return { ...plain(saga, `decide:${about}`), attributes: { 'saga.seq': seq }, events }
}

function wordOf(entry: HistoryMessage['entries'][number]): string {
  if (entry.type === 'ended') return ` ${entry.status}`
  return 'step' in entry ? ` ${entry.step}` : ''
}

function spanOfNote({ saga, note }: NoteMessage): SagaSpan {
  const { type, operation, attempt, detail } = note
  const known = operation === null ? undefined : operationOf(operation)
  return {
    ...plain(saga, known === undefined ? type : `${type} ${known.title}`),
    isFault: FAULTS.has(type),
    attributes: { ...known?.attributes, 'saga.attempt': attempt, 'saga.detail': detail },
  }
}

/** What is told of one call to the outside world. */
export function spanOfCall({ saga, operation, attempt, said }: CallTold): SagaSpan {
  const { title, attributes } = operationOf(operation)
  return {
    ...plain(saga, `call ${title}`),
    isFault: FAULTS.has(said),
    attributes: { ...attributes, 'saga.attempt': attempt, 'saga.outcome': said },
  }
}

/** `order.place/7f.../openOrder/run`: the id of a saga may hold anything. */
function operationOf(operation: string): { readonly title: string; readonly attributes: Values } {
  const [step = '', direction = ''] = operation.split('/').slice(-2)
  return {
    title: direction === 'undo' ? `undo ${step}` : step,
    attributes: { 'saga.operation': operation, 'saga.step': step, 'saga.direction': direction },
  }
}

function plain(saga: SagaRef, name: string): SagaSpan {
  return { saga, name, isRoot: false, isFault: false, attributes: {}, events: [] }
}
