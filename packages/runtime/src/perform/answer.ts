// Owns: storing an operation's answer and sending it, in both patterns. Pure on the picture.
// I1: the answer's row and the messages that carry it are written in one transaction.
// I2: where the next operation was sent along it is taken up in that transaction, too, and the answer says so.
// I3: in choreography the turn passes here; where the decision cannot be made the answer is kept and the
// decision parked.
import {
  TOPIC,
  type Answer,
  type Ask,
  type Cancel,
  type CommandMessage,
  type EventMessage,
  type Message,
  type NoteType,
  pack,
  takenUp,
  type RequestRef,
  type SagaRef,
  type Slip,
  type Time,
} from '@ensemble/core'
import { backoffMs, type RetryPolicy } from '@ensemble/core'
import { answerEvent, commandOf, noteOf, SLIP_LENGTH_MAX } from '../letters.ts'
import type { PlanBook } from '../plans.ts'
import type { OperationRow } from '../ports.ts'
import { travel, type Travelled } from '../travel.ts'
import { NO_SLIP } from './operation.ts'
import type { Picture } from './picture.ts'
import { RESUME_TIMER } from './work.ts'

/** What the verbs of a participant share. */
export interface Shop {
  readonly service: string
  readonly plans: PlanBook
  /** The contract of one of this service's own requests. Errors: CONTRACT_UNKNOWN. */
  readonly refOf: (request: string) => RequestRef
  readonly retry: RetryPolicy
  readonly chance: () => number
}

/** An operation that is about to be answered. */
export interface Pending {
  readonly ref: RequestRef
  readonly saga: SagaRef
  readonly ask: Ask
  /** Null in orchestration, and while the slip has not come. */
  readonly slip: Slip | null
  readonly wish: Cancel | null
  readonly owner: string
  readonly key: string
  readonly row: OperationRow | undefined
  /** The message that brought the slip, kept if the decision has to be parked. */
  readonly origin: Message | null
}

export function blankRow(id: string): OperationRow {
  return {
    id,
    status: 'succeeded',
    owner: '',
    key: '',
    attempt: 0,
    origin: null,
    sent: null,
    wish: null,
    again: 0,
    dueAt: null,
    doubt: false,
    parked: null,
    version: 0,
  }
}

export function answer(shop: Shop, picture: Picture, pending: Pending, said: Answer): void {
  const { saga, slip } = pending
  if (saga.pattern === 'choreography') {
    if (slip === null) storeEarly(picture, pending, said)
    else passOn(shop, picture, { ...pending, slip }, said)
    return
  }
  const onward = onwardOf(pending, said, picture.now)
  const event: EventMessage = {
    ...answerEvent(about(pending), said, { at: picture.now, slip: null }),
    ...(onward !== null && { goesOnWith: onward.ask.operation }),
  }
  // A check only reads: asked again by an orchestrator it may read again, so its answer needs no row.
  const isRowless = pending.ask.kind === 'check' && pending.row === undefined
  if (isRowless && said.status !== 'withdrawn') {
    picture.messages.push(event)
    return
  }
  // So nobody knows whether it was answered before: two facts need two ids.
  const told = isRowless ? { ...event, id: `${event.id}~withdrawn` } : event
  picture.messages.push(told, ...(onward === null ? [] : [onward]))
  picture.putOperation({ ...answered(pending, said), sent: pack([told]) })
}

/** What the participant asks of itself in the orchestrator's place; a cancel that it knows of stops it here. */
function onwardOf({ ask, origin, wish }: Pending, { status }: Answer, now: Time): CommandMessage | null {
  if (status !== 'succeeded' || wish !== null || ask.pipelined === undefined) return null
  if (origin?.type !== 'command') return null
  const { saga, plan } = origin
  return commandOf({ saga, plan, ask: takenUp(ask.pipelined, now) }, 0)
}

function passOn(
  shop: Shop,
  picture: Picture,
  pending: Pending & { readonly slip: Slip },
  said: Answer,
): void {
  const { slip, wish, ref } = pending
  const travelled = bounded(travel(shop.plans, { slip, ref, wish }, said, picture.now))
  if (travelled.type === 'passed') {
    picture.messages.push(...travelled.messages)
    picture.putOperation({ ...answered(pending, said), sent: travelled.sent })
    return
  }
  const bare = answerEvent(about(pending), said, { at: picture.now, slip: null })
  const attempt = (pending.row?.attempt ?? 0) + 1
  picture.putOperation({
    ...answered(pending, said),
    attempt,
    wish,
    sent: pack([bare]),
    parked: travelled.code,
    origin: pending.origin === null ? null : pack([pending.origin]),
  })
  note(shop, picture, pending, { type: 'parked', attempt, detail: `${travelled.code}: ${travelled.message}` })
  const dueAt = picture.now + backoffMs(shop.retry, attempt, shop.chance())
  const { operation } = slip.ask
  const id = `${operation}@${RESUME_TIMER}~${attempt}`
  const topic = TOPIC.commands(shop.service)
  const saga = pending.saga
  const timer: Message = {
    type: 'timer',
    id,
    topic,
    key: saga.id,
    name: RESUME_TIMER,
    at: dueAt,
    data: operation,
    saga,
  }
  picture.scheduled.push({ dueAt, message: timer })
}

type Passed = Extract<Travelled, { readonly type: 'passed' }> & { readonly sent: string }

/** A slip that has grown beyond its bound stays here, parked, instead of breaking the bus. */
function bounded(travelled: Travelled): Passed | Exclude<Travelled, { readonly type: 'passed' }> {
  if (travelled.type === 'parked') return travelled
  // History is told once, as an orchestrator tells it.
  const sent = pack(travelled.messages.filter(({ type }) => type === 'event' || type === 'ended'))
  if (sent.length <= SLIP_LENGTH_MAX) return { ...travelled, sent }
  const message = `the saga's slip has ${sent.length} characters, at most ${SLIP_LENGTH_MAX} travel`
  return { type: 'parked', code: 'SLIP_TOO_LARGE', message }
}

/** An answer that came before its slip: the row waits for the slip, which says who is next. */
function storeEarly(picture: Picture, pending: Pending, said: Answer): void {
  const bare = answerEvent(about(pending), said, { at: picture.now, slip: null })
  picture.putOperation({ ...answered(pending, said), sent: pack([bare]), parked: NO_SLIP })
}

function answered(pending: Pending, said: Answer): OperationRow {
  const { row, ask, owner, key } = pending
  const base = row ?? blankRow(ask.operation)
  return {
    ...base,
    status: said.status,
    owner,
    key,
    origin: null,
    wish: null,
    dueAt: null,
    doubt: false,
    parked: null,
  }
}

function about(pending: Pending): Parameters<typeof answerEvent>[0] {
  return { ref: pending.ref, operation: pending.ask.operation, saga: pending.saga, key: pending.saga.id }
}

interface NoteDraft {
  readonly type: NoteType
  readonly attempt: number
  readonly detail: string
}

export function note(
  shop: Pick<Shop, 'service'>,
  picture: Picture,
  about: { readonly saga: SagaRef; readonly ask: { readonly operation: string } },
  draft: NoteDraft,
): void {
  const at: Time = picture.now
  picture.messages.push(
    noteOf(about.saga, { ...draft, operation: about.ask.operation }, { source: shop.service, at }),
  )
}
