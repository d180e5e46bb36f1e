// Owns: what one piece of work does to the picture: the operation table, the checks before a handler, the
// rule, the answer. Pure.
// Work of a transaction handler stops before the handler and is returned as a call that the shell makes
// behind a savepoint.
// I1: a run that would begin after its deadline is answered `rejected: expired`; undos and retriables carry
// none.
// I2: without a row, nothing that was issued before the horizon is executed: it is answered and
// dead-lettered, TOO_OLD.
import {
  EXPIRED,
  pack,
  TOPIC,
  type Answer,
  type Message,
  type Outcome,
  type RequestRef,
  type SagaRef,
  type Time,
  rejected,
} from '@ensemble/core'
import { EnsembleError } from '../errors.ts'
import type { AggregateHandler, EffectHandler, TransactionHandler } from '../handlers.ts'
import { answerEvent, withdrawOf } from '../letters.ts'
import type { OperationRow } from '../ports.ts'
import { holdDeferred } from '../travel.ts'
import { answer, blankRow, note, type Pending, type Shop } from './answer.ts'
import { onRun, onWithdraw, sentAgain, sentEvent } from './operation.ts'
import type { Picture } from './picture.ts'
import { applyChange, keyOrNull, pendingOf, runRule, type RuleCall } from './rules.ts'
import {
  validInput,
  type FollowWork,
  type LocalWork,
  type ResumeWork,
  type RunWork,
  type WithdrawWork,
} from './work.ts'

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
function ownerOf({ handler, input }: RunWork | WithdrawWork): {
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

export function decideRun(shop: Shop, picture: Picture, work: RunWork): TransactionCall | null {
  const { ask, slip } = work
  if (slip !== null) shop.plans.find(slip.state.saga.plan, slip.state)
  const row = picture.operation(ask.operation)
  const action = onRun(row, work)
  switch (action.do) {
    case 'handle':
      return handleRun(shop, picture, work)
    case 'accepted again':
      picture.messages.push(acceptedEvent(picture, work, row))
      return null
    case 'answer again':
      if (row === undefined) return null
      picture.messages.push(...sentAgain(row, action.again))
      if (action.again > row.again) picture.putOperation({ ...row, again: action.again })
      return null
    case 'pass on': {
      const said = row === undefined ? null : (sentEvent(row)?.answer ?? null)
      if (said !== null && said.status !== 'accepted') answer(shop, picture, pendingRun(picture, work), said)
      return null
    }
    case 'ignore':
      return null
    default:
      return action satisfies never
  }
}

function acceptedEvent(picture: Picture, work: RunWork, row: OperationRow | undefined): Message {
  const about = { ref: work.handler.ref, operation: work.ask.operation, saga: work.saga, key: work.saga.id }
  return answerEvent(
    about,
    { status: 'accepted', until: row?.dueAt ?? picture.now },
    { at: picture.now, slip: null },
  )
}

function handleRun(shop: Shop, picture: Picture, work: RunWork): TransactionCall | null {
  const { ask, handler } = work
  const pending = pendingRun(picture, work)
  if (pending.row === undefined && ask.issuedAt < picture.loaded.horizon) {
    tooOld(shop, picture, work, ask.issuedAt)
    return null
  }
  if (ask.deadline !== null && picture.now > ask.deadline) {
    answer(shop, picture, pending, rejected(EXPIRED, { deadline: ask.deadline }))
    return null
  }
  watchSaga(shop, picture, work)
  const input = validInput(handler.ref, work.input)
  switch (handler.form) {
    case 'aggregate': {
      const call = { ...ruleOf(handler), input, operation: ask.operation, saga: work.saga }
      const ran = runRule(picture, call)
      if (ran === null) return null
      applyChange(shop, picture, { ...call, key: ran.key }, ran.change)
      conclude(shop, picture, work, ran.change.outcome)
      return null
    }
    case 'effect':
      storeIntent(picture, work, handler)
      return null
    case 'transaction':
      return {
        handler,
        input,
        operation: ask.operation,
        saga: work.saga,
        accepts: () => undefined,
        conclude: (said) => conclude(shop, picture, work, said),
      }
    default:
      return handler satisfies never
  }
}

function ruleOf(handler: AggregateHandler): Pick<RuleCall, 'group' | 'rule' | 'decide'> {
  return { group: handler.group, rule: handler.rule, decide: handler.rule.decide }
}

/** A choreographed saga's deadline is a withdraw of its first step's run, due when the saga's time is over. */
function watchSaga(shop: Shop, picture: Picture, work: RunWork): void {
  const { slip, ask, saga } = work
  // Once: a run that was set aside for a newer instance has no row yet.
  if (slip === null || slip.state.seq !== 1 || picture.operation(ask.operation) !== undefined) return
  const plan = shop.plans.find(saga.plan, slip.state)
  if (plan.withinMs === null) return
  const dueAt = slip.state.startedAt + plan.withinMs
  const cancel = { reason: 'the saga deadline has passed', by: 'deadline' }
  picture.scheduled.push({ dueAt, message: withdrawOf({ saga, plan: work.plan, ask }, cancel, dueAt) })
}

function storeIntent(picture: Picture, work: RunWork, handler: EffectHandler): void {
  const row = picture.operation(work.ask.operation) ?? blankRow(work.ask.operation)
  const owner = effectOwner(handler)
  picture.putOperation({
    ...row,
    status: 'set_aside',
    owner,
    origin: pack([work.message]),
    dueAt: picture.now,
  })
}

/** Stores what a handler said of a run. */
export function conclude(
  shop: Shop,
  picture: Picture,
  work: RunWork,
  said: Said | { readonly status: 'withdrawn' },
): void {
  const pending = pendingRun(picture, work)
  if (said.status === 'deferred') {
    const row = pending.row ?? blankRow(work.ask.operation)
    const { owner, key, slip } = pending
    const deferredRow: OperationRow = { ...row, status: 'deferred', owner, key, dueAt: said.until }
    if (slip === null) {
      picture.putOperation({ ...deferredRow, origin: pack([work.message]) })
      picture.messages.push(acceptedEvent(picture, work, deferredRow))
      return
    }
    const held = holdDeferred(
      shop.plans,
      { slip, ref: pending.ref, wish: null },
      { until: said.until, now: picture.now },
    )
    picture.messages.push(...held.messages)
    picture.putOperation({ ...deferredRow, origin: pack([{ ...work.message, slip: held.slip } as Message]) })
    return
  }
  if (said.status === 'withdrawn' && !('reason' in said))
    throw new TypeError('a run cannot say that it was withdrawn')
  answer(shop, picture, pending, said)
}

export function decideWithdraw(shop: Shop, picture: Picture, work: WithdrawWork): TransactionCall | null {
  const { ask, saga, cancel, supply } = work
  const row = picture.operation(ask.operation)
  const action = onWithdraw(row, work)
  switch (action.do) {
    case 'withdraw':
      if (row === undefined && ask.issuedAt < picture.loaded.horizon) {
        tooOld(shop, picture, work, ask.issuedAt)
        return null
      }
      answer(
        shop,
        picture,
        withdrawnPending(shop, work, row),
        supply ?? { status: 'withdrawn', reason: cancel.reason },
      )
      return null
    case 'note':
      if (row !== undefined && row.wish === null) picture.putOperation({ ...row, wish: cancel })
      return null
    case 'ask the rule':
      return row === undefined ? null : withdrawDeferred(shop, picture, work, row)
    case 'answer again':
      if (row !== undefined) picture.messages.push(...sentAgain(row, 0))
      return null
    case 'forward':
      picture.messages.push(withdrawOf({ saga, plan: work.plan, ask: action.ask }, cancel, work.issuedAt))
      return null
    case 'refuse':
      note(shop, picture, work, {
        type: 'cancel-refused',
        attempt: 0,
        detail: `${cancel.reason}: ${action.reason}`,
      })
      return null
    case 'ignore':
      return null
    default:
      return action satisfies never
  }
}

function withdrawnPending(shop: Shop, work: WithdrawWork, row: OperationRow | undefined): Pending {
  // A supplied outcome is no wish to go back.
  const wish = work.supply === null ? work.cancel : null
  if (row !== undefined && row.origin !== null) return { ...pendingOf(shop, row), wish }
  const { handler, saga, ask } = work
  const { owner, key } = ownerOf(work)
  return { ref: handler.ref, saga, ask, slip: null, wish, owner, key, row, origin: null }
}

function withdrawDeferred(
  shop: Shop,
  picture: Picture,
  work: WithdrawWork,
  row: OperationRow,
): TransactionCall | null {
  const { handler, cancel, supply, ask, saga } = work
  const pending = { ...pendingOf(shop, row), wish: supply === null ? cancel : null }
  const said = (outcome: Said | { readonly status: 'withdrawn' }): void => {
    const withdrawn: Answer = supply ?? { status: 'withdrawn', reason: cancel.reason }
    if (outcome.status !== 'deferred')
      answer(shop, picture, pending, outcome.status === 'withdrawn' ? withdrawn : outcome)
  }
  const input = validInput(handler.ref, work.input)
  if (handler.form === 'aggregate' && handler.withdraw !== null) {
    const call: RuleCall = {
      group: handler.group,
      rule: handler.rule,
      decide: handler.withdraw,
      input,
      operation: ask.operation,
      saga,
      extra: { cancel },
    }
    const ran = runRule(picture, call)
    if (ran === null) return null
    refuseUndecided(ran.change.outcome)
    applyChange(shop, picture, { ...call, key: ran.key }, ran.change)
    said(ran.change.outcome)
    return null
  }
  if (handler.form !== 'transaction' || handler.withdraw === null) {
    throw new EnsembleError(
      'HOST_MISCONFIGURED',
      `${ask.participant}.${ask.request} is deferred without a withdraw rule`,
    )
  }
  const { withdraw } = handler
  const asked: TransactionHandler = {
    ...handler,
    handle: async (call) =>
      ({ ...(await withdraw({ ...call, cancel })) }) as Awaited<ReturnType<TransactionHandler['handle']>>,
  }
  return { handler: asked, input, operation: ask.operation, saga, accepts: refuseUndecided, conclude: said }
}

function refuseUndecided({ status }: Said | { readonly status: 'withdrawn' }): void {
  if (status !== 'withdrawn' && status !== 'succeeded')
    throw new TypeError('a withdraw rule answers withdrawn or succeeded')
}

export function decideFollow(shop: Shop, picture: Picture, work: FollowWork): void {
  if (picture.operation(work.operation) !== undefined) return
  const { handler, operation, saga } = work
  const { input } = work
  if (!input.ok) {
    const { id, topic } = work.message
    const detail = `event ${handler.name}: ${input.problems.join('; ')}`
    picture.deadLetters.push({
      id: operation,
      topic,
      reason: 'EVENT_INVALID',
      detail,
      text: pack([work.message]),
    })
    picture.putOperation({ ...blankRow(operation), key: id, status: 'rejected' })
    return
  }
  const call: RuleCall = {
    group: handler.group,
    rule: handler.rule,
    decide: handler.rule.decide,
    input: input.value,
    operation,
    saga,
  }
  const ran = runRule(picture, call)
  if (ran === null) return
  applyChange(shop, picture, { ...call, key: ran.key }, ran.change)
  picture.putOperation({ ...blankRow(operation), owner: handler.group.name, key: ran.key })
}

export function decideLocal(shop: Shop, picture: Picture, work: LocalWork): TransactionCall | null {
  const { handler, operation, saga } = work
  const before = picture.operation(operation)
  const answered = before === undefined ? null : (sentEvent(before)?.answer ?? null)
  if (answered?.status === 'succeeded' || answered?.status === 'rejected') {
    picture.results.set(operation, { ok: true, outcome: answered })
    return null
  }
  const input = validInput(handler.ref, work.input)
  const publish = (key: string, outcome: Said | { readonly status: 'withdrawn' }): void => {
    const told = localOutcome(handler.ref, outcome)
    picture.results.set(operation, { ok: true, outcome: told })
    if (handler.ref.spec.kind === 'query') return
    const event = answerEvent({ ref: handler.ref, operation, saga, key }, told, {
      at: picture.now,
      slip: null,
    })
    if (told.status === 'succeeded') picture.messages.push({ ...event, operation: null, answer: null })
    if (work.stored)
      picture.putOperation({ ...blankRow(operation), status: told.status, key, sent: pack([event]) })
  }
  if (handler.form === 'aggregate') {
    const call: RuleCall = { ...ruleOf(handler), input, operation, saga }
    const ran = runRule(picture, call)
    if (ran === null) return null
    localOutcome(handler.ref, ran.change.outcome)
    applyChange(shop, picture, { ...call, key: ran.key }, ran.change)
    publish(ran.key, ran.change.outcome)
    return null
  }
  if (handler.form === 'effect')
    throw new TypeError(`${handler.ref.request} is an effect: ask for it in a saga`)
  const accepts = (said: Said): void => void localOutcome(handler.ref, said)
  return { handler, input, operation, saga, accepts, conclude: (said) => publish(operation, said) }
}

/** Only an outcome that is known can be told to a caller. */
function localOutcome(ref: RequestRef, outcome: Said | { readonly status: 'withdrawn' }): Outcome {
  if (outcome.status === 'succeeded' || outcome.status === 'rejected') return outcome
  throw new TypeError(`${ref.request} cannot be called locally: it answered ${outcome.status}`)
}

/** Makes a parked decision again. A repeated timer is of an earlier try: it must not set another one. */
export function decideResume(shop: Shop, picture: Picture, work: ResumeWork): void {
  const row = picture.operation(work.operation)
  if (row === undefined || row.parked === null || row.origin === null) return
  if (work.tried !== null && work.tried !== row.attempt) return
  const said = sentEvent(row)?.answer ?? null
  if (said === null || said.status === 'accepted') return
  answer(shop, picture, pendingOf(shop, row), said)
}

function tooOld(shop: Shop, picture: Picture, work: RunWork | WithdrawWork, issuedAt: Time): void {
  const { ask, message } = work
  const detail = `issued at ${new Date(issuedAt).toISOString()}, before the horizon of this service`
  const letter = {
    id: `${message.id}!`,
    topic: TOPIC.commands(shop.service),
    reason: 'TOO_OLD',
    detail,
    text: pack([message]),
  }
  picture.deadLetters.push(letter)
  note(
    shop,
    picture,
    { saga: work.saga, ask },
    { type: 'parked', attempt: work.attempt, detail: `TOO_OLD: ${detail}` },
  )
}
