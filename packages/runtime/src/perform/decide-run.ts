// Owns: what a run (or an undo) does to the picture: the operation table, the checks before a handler, the
// rule, the answer. Pure. Work of a transaction handler stops before the handler and is returned as a call.
// I1: a run that would begin after its deadline is answered `rejected: expired`; undos and retriables carry
// none.
// I2: without a row, nothing that was issued before the horizon is executed.
import { EXPIRED, pack, rejected, type Message } from '@ensemble/core'
import type { AggregateHandler, EffectHandler } from '../handlers.ts'
import { answerEvent } from '../letters.ts'
import type { OperationRow } from '../ports.ts'
import { holdDeferred } from '../travel.ts'
import { answer, blankRow, type Shop } from './answer.ts'
import { onRun, sentAgain, sentEvent } from './operation.ts'
import { effectOwner, isTooOld, pendingRun, tooOld, type Said, type TransactionCall } from './pending.ts'
import type { Picture } from './picture.ts'
import { applyChange, runRule, type RuleCall } from './rules.ts'
import { watchSaga } from './watch.ts'
import { validInput, type RunWork } from './work.ts'

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
  if (isTooOld(picture, work)) {
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

export function ruleOf(handler: AggregateHandler): Pick<RuleCall, 'group' | 'rule' | 'decide'> {
  return { group: handler.group, rule: handler.rule, decide: handler.rule.decide }
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
function conclude(
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
