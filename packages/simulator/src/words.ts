// Owns: messages in a reader's words: what a message is, and whom it is for.
import { ORCHESTRATOR, type Ask, type Message, type SagaRef, type Slip } from '@ensemble/core'
import { STARTER } from './roles.ts'

/** A message in a line, with the saga that it is about. */
export function said(message: Message): string {
  const saga = sagaOf(message)
  return saga === null ? short(message) : `${short(message)} [${saga.plan}/${saga.id}]`
}

/** A message in a few words. */
export function short(message: Message): string {
  switch (message.type) {
    case 'start':
      return `start${again(message.again)}${next(message.slip)}`
    case 'command':
      return `asks ${asked(message.ask)}`
    case 'withdraw':
      return `withdraw ${asked(message.ask)}`
    case 'cancel':
      return `cancel: ${message.cancel.reason}`
    case 'event':
      return `${message.name}${again(message.again)}${next(message.slip)}`
    case 'ended':
      return message.name
    case 'timer':
      return `timer ${message.name}`
    case 'retry':
      return `retry ${message.attempt}: ${short(message.message)}`
    case 'history':
      return `history ${message.seq}`
    case 'note':
      return `note ${message.note.type}: ${message.note.detail}`
    default:
      return message satisfies never
  }
}

function asked({ participant, request, direction }: Ask): string {
  return `${participant}.${request}${direction === 'undo' ? ' (undo)' : ''}`
}

function next(slip: Slip | null): string {
  return slip === null ? '' : `, next ${asked(slip.ask)}`
}

function again(count: number): string {
  return count === 0 ? '' : ` (again ${count})`
}

export function sagaOf(message: Message): Pick<SagaRef, 'plan' | 'id'> | null {
  return message.type === 'retry' ? sagaOf(message.message) : message.saga
}

/** The service that acts on a message; null when it is for whoever follows it. */
export function addressee(message: Message): string | null {
  switch (message.type) {
    case 'start':
      return message.slip?.ask.participant ?? message.handledBy ?? ORCHESTRATOR
    case 'command':
    case 'withdraw':
    case 'cancel':
    case 'timer':
    case 'retry':
      return message.topic.replace(/\.commands$/, '')
    case 'event':
      if (message.slip !== null) return message.slip.ask.participant
      if (message.operation === null) return null
      return message.saga?.pattern === 'orchestration' ? ORCHESTRATOR : (message.handledBy ?? null)
    case 'ended':
      return STARTER
    case 'history':
    case 'note':
      return null
    default:
      return message satisfies never
  }
}
