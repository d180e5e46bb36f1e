// Owns: which messages concern the orchestrator, and what each says about which saga. Pure.
import type { Cancel, Message, SagaRef, Said, StartMessage, Time } from '@ensemble/core'

export type Heard =
  | { readonly type: 'start'; readonly start: StartMessage }
  | Said
  | { readonly type: 'cancel'; readonly cancel: Cancel; readonly issuedAt: Time }
  | { readonly type: 'watch'; readonly at: Time }

export interface AdvanceWork {
  readonly saga: SagaRef
  readonly heard: Heard
  readonly message: Message
  readonly attempt: number
}

/** The timer that looks after every orchestrated saga until it ends. */
export const WATCH_TIMER = 'saga.watch'

/** What a message says to the orchestrator; none when it is not about an orchestrated saga. */
export function heardIn(message: Message, attempt = 0): readonly AdvanceWork[] {
  if (message.type === 'retry') return heardIn(message.message, message.attempt)
  const heard = heardOf(message)
  if (
    heard === null ||
    !('saga' in message) ||
    message.saga === null ||
    message.saga.pattern !== 'orchestration'
  )
    return []
  return [{ saga: message.saga, heard, message, attempt }]
}

function heardOf(message: Message): Heard | null {
  switch (message.type) {
    case 'start':
      return { type: 'start', start: message }
    case 'event': {
      const { operation, answer, goesOnWith, at } = message
      if (operation === null || answer === null) return null
      if (answer.status === 'accepted') return { type: 'accepted', operation, until: answer.until }
      return goesOnWith === undefined
        ? { type: 'answered', operation, answer }
        : { type: 'answered', operation, answer, goesOn: { operation: goesOnWith, at } }
    }
    case 'cancel':
      return { type: 'cancel', cancel: message.cancel, issuedAt: message.issuedAt }
    case 'timer':
      return message.name === WATCH_TIMER ? { type: 'watch', at: message.at } : null
    case 'command':
    case 'ended':
    case 'history':
    case 'note':
    case 'retry':
    case 'withdraw':
      return null
    default:
      return message satisfies never
  }
}
