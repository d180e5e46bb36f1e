// Owns: what the decisions about work share: how a run will be answered, what a handler may say, the call that
// a transaction handler stops at, and work that is too old. Pure.
import { pack, TOPIC, type Answer, type Message, type SagaRef, type Time } from '@ensemble/core'
import type { EffectHandler, TransactionHandler } from '../handlers.ts'
import { answerEvent } from '../letters.ts'
import { note, type Pending, type Shop } from './answer.ts'
import type { Picture } from './picture.ts'
import { keyOrNull } from './rules.ts'
import type { RunWork, WithdrawWork } from './work.ts'

/** What a handler says: the outcome of an aggregate's rule or of a transaction handler. */
export type Said = { readonly status: 'deferred'; readonly until: Time } | Answer

/** A call of a transaction handler that the shell has to make; `conclude` puts its outcome into the picture. */
export interface TransactionCall {
  readonly handler: TransactionHandler
  readonly input: unknown
  readonly operation: string
  readonly saga: SagaRef | null
  /** Throws, while the savepoint can still undo it, when this is nothing that the handler may say. */
  readonly accepts: (said: Said) => void
  readonly conclude: (said: Said) => void
}

export function pendingRun(picture: Picture, work: RunWork): Pending {
  const { ask, saga, slip, handler, message } = work
  const row = picture.operation(ask.operation)
  const { owner, key } = ownerOf(work)
  return { ref: handler.ref, saga, ask, slip, wish: row?.wish ?? null, owner, key, row, origin: message }
}

/** An input without a key faults in its rule, never here: a fault has to be stored too. */
export function ownerOf({ handler, input }: RunWork | WithdrawWork): {
  readonly owner: string
  readonly key: string
} {
  switch (handler.form) {
    case 'aggregate':
      return { owner: handler.group.name, key: input.ok ? (keyOrNull(handler.rule, input.value) ?? '') : '' }
    case 'effect':
      return { owner: effectOwner(handler), key: '' }
    case 'transaction':
      return { owner: '', key: '' }
    default:
      return handler satisfies never
  }
}

/** The owner under which a worker finds the intents of a provider's effects. */
export function effectOwner(handler: EffectHandler): string {
  return `effect:${handler.provider}`
}

/** Puts away what is older than the horizon and has no row: it may have been handled and forgotten. */
export function buryOld(
  shop: Shop,
  picture: Picture,
  { id, message, issuedAt }: { readonly id: string; readonly message: Message; readonly issuedAt: Time },
): string {
  const detail = `issued at ${new Date(issuedAt).toISOString()}, before the horizon of this service`
  const topic = TOPIC.commands(shop.service)
  picture.deadLetters.push({ id: `${id}!`, topic, reason: 'TOO_OLD', detail, text: pack([message]) })
  return detail
}

/** Without a row, nothing that was issued before the horizon is executed. */
export function isTooOld(picture: Picture, { ask }: RunWork): boolean {
  return picture.operation(ask.operation) === undefined && ask.issuedAt < picture.loaded.horizon
}

/** Never executed without a row: dead-lettered, and answered so that an orchestrated saga is parked. */
export function tooOld(shop: Shop, picture: Picture, work: RunWork | WithdrawWork, issuedAt: Time): void {
  const { ask, message } = work
  const detail = buryOld(shop, picture, { id: message.id, message, issuedAt })
  if (work.saga.pattern === 'orchestration') {
    const about = { ref: work.handler.ref, operation: ask.operation, saga: work.saga, key: work.saga.id }
    const said: Answer = { status: 'faulted', error: { code: 'TOO_OLD', message: detail } }
    picture.messages.push(answerEvent(about, said, { at: picture.now, slip: null }))
  }
  note(
    shop,
    picture,
    { saga: work.saga, ask },
    { type: 'parked', attempt: work.attempt, detail: `TOO_OLD: ${detail}` },
  )
}
